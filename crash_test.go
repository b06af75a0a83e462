package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"envshare/internal/gateway/admin"
	"envshare/models"
)

const crashManifest = `
principals: [{id: p, name: P}]
apps: [{appid: wxaaaaaaaaaaaaaaaa, name: A, type: miniprogram, principal: p, environments: [{id: a-main, collections: {kept: {}, pairs: {}}}]}]
`

// installation is a server process that is killed and started again on the same
// data.
type installation struct {
	binary, data, url string
	flags, env        []string // more for the server
	server            *exec.Cmd
	credential        admin.Credential
	token             string
	seq               atomic.Int64
}

// acknowledged is what the server said it had kept.
type acknowledged struct {
	mu      sync.Mutex
	inserts map[string]int64 // id -> n
	updates map[string]int64 // id -> the lowest value that it may have
	pairs   map[string]int64 // name -> the lowest value of both halves
	files   map[string]string
}

// TestNothingAcknowledgedIsLost kills the server again and again while it writes.
// ENVSHARE_CRASH_ROUNDS says how often; a few by default.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	rounds := 3
	if given := os.Getenv("ENVSHARE_CRASH_ROUNDS"); given != "" {
		var err error
		if rounds, err = strconv.Atoi(given); err != nil {
			t.Fatal(err)
		}
	}
	i := &installation{binary: filepath.Join(t.TempDir(), "envshare"), data: filepath.Join(t.TempDir(), "data")}
	run(t, exec.Command("go", "build", "-o", i.binary, "."))
	manifest := filepath.Join(t.TempDir(), "envshare.yaml")
	if err := os.WriteFile(manifest, []byte(crashManifest), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, exec.Command(i.binary, "apply", "--data", i.data, "-f", manifest))
	i.start(t)
	i.issue(t)
	for name := range 4 {
		for _, half := range []string{"a", "b"} {
			i.must(t, "database.insertDocument", map[string]any{"collectionName": "pairs", "data": []string{fmt.Sprintf(`{"_id":"%d%s","n":0}`, name, half)}})
		}
	}
	acked := &acknowledged{inserts: map[string]int64{}, updates: map[string]int64{}, pairs: map[string]int64{}, files: map[string]string{}}
	for round := range rounds {
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for worker := range 4 {
			all.Go(func() { i.write(ctx, t, round, worker, acked) })
		}
		time.Sleep(time.Duration(150+rand.IntN(250)) * time.Millisecond) // a moment to die in, not a wait for anything
		_ = i.server.Process.Kill()
		_ = i.server.Wait()
		cancel()
		all.Wait()
		i.start(t)
		i.verify(t, acked)
	}
	t.Logf("%d rounds: %d inserts, %d updates, %d pairs, %d files kept", rounds, len(acked.inserts), len(acked.updates), len(acked.pairs), len(acked.files))
	if len(acked.inserts) == 0 || len(acked.updates) == 0 || len(acked.files) == 0 || len(acked.pairs) == 0 {
		t.Error("some kind of write was never acknowledged")
	}
	_ = i.server.Process.Kill()
	_ = i.server.Wait()
}

func run(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, stderr.String())
	}
	return string(out)
}

func (i *installation) start(t *testing.T) {
	t.Helper()
	i.server = exec.Command(i.binary, "serve", "--data", i.data, "--console", "127.0.0.1:0", "--gateway", "127.0.0.1:0", "--log-level", "error")
	i.server.Args = append(i.server.Args, i.flags...)
	i.server.Env = append(os.Environ(), i.env...)
	out, err := i.server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	i.server.Stderr = os.Stderr
	if err := i.server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = i.server.Process.Kill() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), "Gateway: "); ok {
			i.url = strings.Fields(url)[0]
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return
		}
	}
	t.Fatal("the server does not start")
}

func (i *installation) issue(t *testing.T) {
	t.Helper()
	for line := range strings.SplitSeq(run(t, exec.Command(i.binary, "credentials", "issue", "--data", i.data, "--app", "wxaaaaaaaaaaaaaaaa", "--env", "a-main")), "\n") {
		name, v, _ := strings.Cut(line, "=")
		switch name {
		case "TENCENTCLOUD_SECRETID":
			i.credential.SecretID = v
		case "TENCENTCLOUD_SECRETKEY":
			i.credential.SecretKey = v
		case "TENCENTCLOUD_SESSIONTOKEN":
			i.token = v
		}
	}
}

// call sends a signed action and decodes what came back.
func (i *installation) call(ctx context.Context, action string, params map[string]any) (map[string]any, error) {
	sent := map[string]any{"action": action, "envName": "a-main", "sessionToken": i.token, "collectionName": "kept"}
	for k, v := range params {
		sent[k] = v
	}
	body, err := json.Marshal(sent)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("%s/admin?env=a-main&seqId=%d", i.url, i.seq.Add(1)), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	if err := admin.Sign(r, body, i.credential, time.Now()); err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close() //nolint:errcheck // read to its end
	var out map[string]any
	if err := json.NewDecoder(answer.Body).Decode(&out); err != nil {
		return nil, err
	}
	if code, refused := out["code"]; refused {
		return out, fmt.Errorf("%s: %v %v", action, code, out["message"])
	}
	return out, nil
}

func (i *installation) must(t *testing.T, action string, params map[string]any) map[string]any {
	t.Helper()
	out, err := i.call(t.Context(), action, params)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// write writes until the server dies.
func (i *installation) write(ctx context.Context, t *testing.T, round, worker int, acked *acknowledged) {
	t.Helper()
	for n := int64(0); ctx.Err() == nil; n++ {
		id := fmt.Sprintf("r%d-w%d-%d", round, worker, n)
		if _, err := i.call(ctx, "database.insertDocument", map[string]any{"data": []string{fmt.Sprintf(`{"_id":%q,"n":%d}`, id, n)}}); err != nil {
			return
		}
		acked.note(func() { acked.inserts[id] = n })
		if _, err := i.call(ctx, "database.modifyDocument", map[string]any{"query": fmt.Sprintf(`{"_id":%q}`, id), "data": `{"$set":{"n":-1}}`}); err != nil {
			return
		}
		acked.note(func() { acked.updates[id] = -1 })
		if err := i.pair(ctx, worker, acked); err != nil {
			return
		}
		if err := i.upload(ctx, "f/"+id, acked); err != nil {
			return
		}
	}
}

func (a *acknowledged) note(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f()
}

// pair raises both halves of a pair in one transaction.
func (i *installation) pair(ctx context.Context, worker int, acked *acknowledged) error {
	begun, err := i.call(ctx, "database.startTransaction", nil)
	if err != nil {
		return err
	}
	for _, half := range []string{"a", "b"} {
		_, err := i.call(ctx, "database.modifyDocument", map[string]any{"collectionName": "pairs", "transactionId": begun["transactionId"],
			"query": fmt.Sprintf(`{"_id":"%d%s"}`, worker, half), "data": `{"$inc":{"n":1}}`})
		if err != nil {
			return err
		}
	}
	if _, err := i.call(ctx, "database.commitTransaction", map[string]any{"transactionId": begun["transactionId"]}); err != nil {
		return err
	}
	acked.note(func() { acked.pairs[strconv.Itoa(worker)]++ })
	return nil
}

func (i *installation) upload(ctx context.Context, path string, acked *acknowledged) error {
	begun, err := i.call(ctx, "storage.getUploadMetadata", map[string]any{"path": path})
	if err != nil {
		return err
	}
	text := strings.Repeat(path+" ", 1000)
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, begun["data"].(map[string]any)["url"].(string), strings.NewReader(text))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	if err := answer.Body.Close(); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	acked.note(func() { acked.files[path] = text })
	return nil
}

// documents reads a whole collection by _id.
func (i *installation) documents(t *testing.T, collection string) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	for offset := 0; ; offset += 1000 {
		got := i.must(t, "database.getDocument", map[string]any{"collectionName": collection, "limit": 1000, "offset": offset, "order": `{"_id":1}`})
		list := got["data"].(map[string]any)["list"].([]any)
		for _, text := range list {
			var d struct {
				ID string `json:"_id"`
				N  int64
			}
			if err := json.Unmarshal([]byte(text.(string)), &d); err != nil {
				t.Fatal(err)
			}
			out[d.ID] = d.N
		}
		if len(list) < 1000 {
			return out
		}
	}
}

func (i *installation) verify(t *testing.T, acked *acknowledged) {
	t.Helper()
	kept := i.documents(t, "kept")
	for id, n := range acked.inserts {
		got, ok := kept[id]
		if want, updated := acked.updates[id]; !ok || updated && got != want || got != n && got != -1 {
			t.Fatalf("insert %s is lost or half done: %d %v", id, got, ok)
		}
	}
	pairs := i.documents(t, "pairs")
	for name := range 4 {
		a, b := pairs[fmt.Sprintf("%da", name)], pairs[fmt.Sprintf("%db", name)]
		if a != b || a < acked.pairs[strconv.Itoa(name)] {
			t.Fatalf("transaction %d is half done or lost: %d and %d of %d", name, a, b, acked.pairs[strconv.Itoa(name)])
		}
		acked.pairs[strconv.Itoa(name)] = a // one that was committed and not acknowledged
	}
	for path, text := range acked.files {
		out := i.must(t, "storage.batchGetDownloadUrl", map[string]any{"file_list": []map[string]any{{"fileid": models.FileID("a-main", path)}}})
		one := out["data"].(map[string]any)["download_list"].([]any)[0].(map[string]any)
		answer, err := http.Get(one["tempFileURL"].(string))
		if err != nil {
			t.Fatalf("file %s: %v %v", path, err, one)
		}
		body, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil || string(body) != text {
			t.Fatalf("file %s is lost or half there: %d bytes of %d, %v", path, len(body), len(text), err)
		}
	}
}
