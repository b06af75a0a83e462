package gateway_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	_ "net/http/pprof" // on a port of its own, when profiles are wanted
	"os"
	"runtime/debug"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"envshare/internal/gateway"
	"envshare/internal/testkit"
	"envshare/internal/testkit/figures"
)

// TestServeDocuments is our server of TestPeerDocuments, in a process of its own.
// It ends with its standard input.
func TestServeDocuments(t *testing.T) {
	if os.Getenv(figures.Variable) != "serve" {
		t.Skip("the server of make bench")
	}
	debug.SetGCPercent(400) // as the command serve does
	k := testkit.New(t, testkit.Options{})
	k.Serve(t, gateway.New(gateway.Config{}, gateway.Deps{
		Calls: k.Services.Calls, Documents: k.Services.Documents, Files: k.Services.Files, Credentials: k.Services.Credentials, Ready: k.Services.Ready, Logger: k.Logger,
	}))
	documents, err := os.ReadFile(os.Getenv(documentsVariable))
	must(t, err)
	k.Apply(t, `
principals: [{id: p, name: P}]
apps:
  - {appid: `+borrower+`, name: A, type: miniprogram, principal: p, environments: [{id: a-main}]}
  - appid: `+lender+`
    name: B
    type: miniprogram
    principal: p
    sharing: true
    environments:
      - id: b-main
        functions: b
        collections:
          articles: {indexes: [{keys: {group: 1}}, {keys: {rank: 1}}], documents: articles.jsonl}
    shares: [{to: `+borrower+`, environments: [{id: b-main, permissions: [database.read, database.write]}]}]`, map[string]string{
		"b/cloudbase_auth/index.js": `exports.main = async () => ({ errCode: 0 })`, "articles.jsonl": string(documents),
	})
	cred, _ := k.Credential(t, borrower, "a-main")
	server := benchServer{URL: k.GatewayURL, SecretID: cred.SecretID, SecretKey: cred.SecretKey, Token: cred.Token}
	if os.Getenv(profileVariable) != "" {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		server.PprofURL = "http://" + listener.Addr().String()
		go func() { _ = http.Serve(listener, nil) }() //nolint:gosec // loopback, for the length of a profile
	}
	must(t, json.NewEncoder(os.Stdout).Encode(server))
	_, err = io.Copy(io.Discard, os.Stdin)
	must(t, err)
}

// guest calls with a session in the lender's environment: every call passes
// signature, replay check, session, grant and permission.
type guest struct{ *benchServer }

// borrowing makes the handshake, which runs the lender's cloudbase_auth.
func borrowing(t *testing.T, s *benchServer) guest {
	t.Helper()
	answer := s.handshake(t).fetch(t)
	// CommOpenApiResp.respData, AuthorizationInfo.credentials, and its three fields.
	session := protoField(t, protoField(t, answer, 1), 1)
	g := *s
	g.SecretID, g.SecretKey, g.Token = string(protoField(t, session, 1)), string(protoField(t, session, 2)), string(protoField(t, session, 3))
	return guest{&g}
}

// protoField returns a length-delimited field of a message.
func protoField(t *testing.T, message []byte, number protowire.Number) []byte {
	t.Helper()
	for len(message) > 0 {
		found, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			break
		}
		message = message[size:]
		if found == number && kind == protowire.BytesType {
			if value, size := protowire.ConsumeBytes(message); size >= 0 {
				return value
			}
			break
		}
		if size = protowire.ConsumeFieldValue(found, kind, message); size < 0 {
			break
		}
		message = message[size:]
	}
	t.Fatalf("no field %d in the answer to the handshake: %q", number, message)
	return nil
}

func (g guest) process() int { return g.pid }

// data is a call as wx-server-sdk makes it for another app's environment.
func (g guest) data(tb testing.TB, action string, params map[string]any, want string, times int) call {
	sent := map[string]any{
		"action": "database." + action, "collectionName": "articles", "envName": "b-main", "wxCloudApiToken": "",
		"wxCloudbaseAccesstoken": "", "tcb_sessionToken": "", "sessionToken": g.Token, "crossAuthorizationToken": "",
	}
	for name, value := range params {
		sent[name] = value
	}
	body, err := json.Marshal(sent)
	must(tb, err)
	return call{g.address(), g.sign(tb, "application/json", body), "application/json", want, times}
}

// inAnswer is how a piece of a document looks in an answer, where it is text
// inside of JSON.
func inAnswer(piece string) string { return strings.ReplaceAll(piece, `"`, `\"`) }

func (g guest) view(tb testing.TB, n int) call {
	return g.data(tb, "getDocument", map[string]any{"query": `{"_id":"` + articleID(n) + `"}`, "queryType": "DOC", "multi": false},
		inAnswer(`"_id":"`+articleID(n)+`"`), 1)
}

func (g guest) group(tb testing.TB, n int) call {
	return g.data(tb, "getDocument", map[string]any{"query": `{"group":"` + groupName(n) + `"}`, "queryType": "WHERE", "limit": groupSize},
		inAnswer(`"group":"`+groupName(n)+`"`), groupSize)
}

func (g guest) ranks(tb testing.TB, n int) call {
	return g.data(tb, "getDocument", map[string]any{
		"query": fmt.Sprintf(`{"rank":{"$gte":{"$numberInt":"%d"}}}`, n), "order": `{"rank":{"$numberInt":"1"}}`, "queryType": "WHERE", "limit": groupSize,
	}, inAnswer(`"rank":`), groupSize)
}

func (g guest) create(tb testing.TB, n int) call {
	text, err := json.Marshal(addedArticle(n))
	must(tb, err)
	return g.data(tb, "insertDocument", map[string]any{"data": []string{string(text)}}, `"insertedIds":["`, 1)
}

func (g guest) update(tb testing.TB, n int) call {
	text, err := json.Marshal(map[string]any{"$set": changed(n)})
	must(tb, err)
	return g.data(tb, "modifyDocument", map[string]any{
		"query": `{"_id":"` + articleID(n) + `"}`, "queryType": "DOC", "data": string(text), "multi": false, "merge": true, "upsert": false,
	}, `"updated":1`, 1)
}
