package admin_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"envshare/internal/gateway/admin"
	"envshare/internal/service"
	"envshare/models"
)

// borrowed lends b-main to A with some permissions.
func borrowed(tb testing.TB, w *world, permissions ...models.Permission) {
	tb.Helper()
	keys := make([]string, len(permissions))
	for i, p := range permissions {
		keys[i] = string(p)
	}
	w.Apply(tb, manifest(
		"environments: [{id: a-main}]",
		"environments: [{id: b-main, functions: b}, {id: b-other}], shares: [{to: "+appA+", environments: [{id: b-main, permissions: ["+strings.Join(keys, ",")+"]}]}]",
		"environments: []"),
		map[string]string{"b/cloudbase_auth/index.js": letsIn})
}

// dataActions are all actions on documents and files with the permission that
// each needs (DESIGN.md section 3).
var dataActions = []struct {
	name   string
	needs  models.Permission
	params map[string]any
}{
	{"database.addCollection", models.DatabaseWrite, map[string]any{"collectionName": "new"}},
	{"database.insertDocument", models.DatabaseWrite, map[string]any{"data": []string{`{"n":1}`}}},
	{"database.getDocument", models.DatabaseRead, map[string]any{"query": "{}", "limit": 5}},
	{"database.calculateDocument", models.DatabaseRead, map[string]any{}},
	{"database.modifyDocument", models.DatabaseWrite, map[string]any{"query": "{}", "data": `{"$set":{"a":1}}`, "multi": true}},
	{"database.modifyAndReturnDoc", models.DatabaseWrite, map[string]any{"query": "{}", "data": `{"$set":{"a":2}}`}},
	{"database.removeDocument", models.DatabaseWrite, map[string]any{"query": `{"_id":"x"}`}},
	{"database.aggregateDocuments", models.DatabaseRead, map[string]any{"stages": []map[string]string{{"stageKey": "$limit", "stageValue": "1"}}}},
	{"database.startTransaction", models.DatabaseWrite, map[string]any{}},
	{"storage.getUploadMetadata", models.StorageWrite, map[string]any{"path": "a.txt"}},
	{"storage.batchGetDownloadUrl", models.StorageRead, map[string]any{"file_list": []map[string]any{{"fileid": models.FileID("b-main", "a.txt")}}}},
	{"storage.batchDeleteFile", models.StorageWrite, map[string]any{"fileid_list": []string{models.FileID("b-main", "a.txt")}}},
	{"storage.getFileAuthority", models.StorageRead, map[string]any{"fileList": []map[string]any{{"type": "READ", "path": models.FileID("b-main", "a.txt")}}}},
}

func (w *world) data(tb testing.TB, cred service.Credential, env, action string, params map[string]any) answer {
	tb.Helper()
	sent := map[string]any{"action": action, "envName": env, "collectionName": "todos", "wxCloudApiToken": ""}
	for k, v := range params {
		sent[k] = v
	}
	return w.post(tb, cred, sent)
}

func dataWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, false, manifest("environments: []", "environments: []", "environments: []"), nil)
	if err := w.Services.Credentials.SetGatewayURL(t.Context(), w.GatewayURL); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestEveryActionNeedsItsPermission(t *testing.T) {
	w := dataWorld(t)
	borrowed(t, w, models.Permissions()...)
	if err := w.Documents.CreateCollection(t.Context(), "b-main", "todos"); err != nil {
		t.Fatal(err)
	}
	own, _ := w.Credential(t, appA, "a-main")
	for _, needed := range []models.Permission{models.DatabaseRead, models.DatabaseWrite, models.StorageRead, models.StorageWrite} {
		others := slices.DeleteFunc(models.Permissions(), func(p models.Permission) bool { return p == needed })
		borrowed(t, w, others...)
		without := w.session(t, own, appB, "b-main")
		for _, a := range dataActions {
			if a.needs != needed {
				continue
			}
			got := w.data(t, without, "b-main", a.name, a.params)
			want := map[bool]string{true: "DATABASE_PERMISSION_DENIED", false: "STORAGE_EXCEED_AUTHORITY"}[strings.HasPrefix(a.name, "database.")]
			if got.Code != want || !strings.HasPrefix(got.Message, "[-601018] ") {
				t.Errorf("%s without %s: %s", a.name, needed, got.text)
			}
		}
		borrowed(t, w, needed)
		with := w.session(t, own, appB, "b-main")
		for _, a := range dataActions {
			if a.needs == needed {
				if got := w.data(t, with, "b-main", a.name, a.params); got.Code != "" {
					t.Errorf("%s with nothing but %s: %s", a.name, needed, got.text)
				}
			}
		}
	}
}

func TestDataOfAnotherEnvironment(t *testing.T) {
	w := dataWorld(t)
	borrowed(t, w, models.Permissions()...)
	own, _ := w.Credential(t, appA, "a-main")
	session := w.session(t, own, appB, "b-main")
	for _, a := range dataActions {
		database := strings.HasPrefix(a.name, "database.")
		denied := map[bool]string{true: "DATABASE_PERMISSION_DENIED", false: "STORAGE_EXCEED_AUTHORITY"}[database]
		if got := w.data(t, session, "b-other", a.name, a.params); got.Code != denied || !strings.HasPrefix(got.Message, "[-601012] ") {
			t.Errorf("%s in an environment that is not shared: %s", a.name, got.text)
		}
		if got := w.data(t, own, "b-main", a.name, a.params); got.Code != denied || !strings.HasPrefix(got.Message, "[-601016] ") {
			t.Errorf("%s without a session: %s", a.name, got.text)
		}
		if got := w.data(t, own, "nowhere", a.name, a.params); got.Code != "INVALIID_ENV" {
			t.Errorf("%s in no environment: %s", a.name, got.text)
		}
	}
	t.Run("a transaction stays in its environment", func(t *testing.T) {
		if err := w.Documents.CreateCollection(t.Context(), "a-main", "todos"); err != nil {
			t.Fatal(err)
		}
		var begun struct{ TransactionID string }
		decodeText(t, w.data(t, session, "b-main", "database.startTransaction", nil), &begun)
		got := w.data(t, own, "a-main", "database.insertDocument", map[string]any{"data": []string{`{}`}, "transactionId": begun.TransactionID})
		if begun.TransactionID == "" || got.Code != "DATABASE_TRANSACTION_FAIL" {
			t.Errorf("%q %s", begun.TransactionID, got.text)
		}
	})
	t.Run("a transaction is counted in, and not aggregated past", func(t *testing.T) {
		var begun struct{ TransactionID string }
		decodeText(t, w.data(t, own, "a-main", "database.startTransaction", nil), &begun)
		w.data(t, own, "a-main", "database.insertDocument", map[string]any{"data": []string{`{"_id":"in"}`}, "transactionId": begun.TransactionID})
		mustContain(t, w.data(t, own, "a-main", "database.calculateDocument", map[string]any{"transactionId": begun.TransactionID}), `"total":1`)
		mustContain(t, w.data(t, own, "a-main", "database.calculateDocument", nil), `"total":0`)
		got := w.data(t, own, "a-main", "database.aggregateDocuments", map[string]any{
			"stages": []map[string]string{{"stageKey": "$limit", "stageValue": "1"}}, "transactionId": begun.TransactionID,
		})
		if got.Code != "INVALID_PARAM" {
			t.Errorf("aggregated in a transaction: %s", got.text)
		}
	})
	t.Run("a file of another environment", func(t *testing.T) {
		got := w.data(t, session, "b-main", "storage.batchGetDownloadUrl", map[string]any{"file_list": []map[string]any{{"fileid": models.FileID("a-main", "x")}}})
		mustContain(t, got, `"code":"INVALIID_ENV"`)
	})
}

func decodeText(t testing.TB, a answer, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.text), into); err != nil {
		t.Fatalf("%v in %s", err, a.text)
	}
}

// fetched is what came back besides the body.
type fetched struct {
	StatusCode    int
	Header        http.Header
	ContentLength int64
}

// fetch sends a plain request to the gateway.
func (w *world) fetch(t testing.TB, method, url, body string, header ...string) (fetched, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return fetched{answer.StatusCode, answer.Header, answer.ContentLength}, string(text)
}

func (w *world) uploadURL(t testing.TB, cred service.Credential, env, path string) string {
	t.Helper()
	var out struct{ Data struct{ URL string } }
	decodeText(t, w.data(t, cred, env, "storage.getUploadMetadata", map[string]any{"path": path}), &out)
	return out.Data.URL
}

func (w *world) downloadURL(t testing.TB, cred service.Credential, env, path string) string {
	t.Helper()
	var out struct {
		Data struct {
			List []struct{ TempFileURL string } `json:"download_list"`
		}
	}
	decodeText(t, w.data(t, cred, env, "storage.batchGetDownloadUrl", map[string]any{"file_list": []map[string]any{{"fileid": models.FileID(env, path)}}}), &out)
	return out.Data.List[0].TempFileURL
}

func TestFilesOverHTTP(t *testing.T) {
	w := dataWorld(t)
	borrowed(t, w, models.Permissions()...)
	own, _ := w.Credential(t, appA, "a-main")
	url := w.uploadURL(t, own, "a-main", "目录/a b.txt")
	if answer, text := w.fetch(t, http.MethodPut, url, "0123456789"); answer.StatusCode != 200 || text != "" {
		t.Fatalf("%d %s", answer.StatusCode, text)
	}
	if answer, text := w.fetch(t, http.MethodPut, url, "again"); answer.StatusCode != 403 || !strings.Contains(text, "<Code>AccessDenied</Code>") ||
		!strings.Contains(text, "<RequestId>") || !strings.Contains(text, "<TraceId>") {
		t.Errorf("a ticket was used twice: %d %s", answer.StatusCode, text)
	}
	link := w.downloadURL(t, own, "a-main", "目录/a b.txt")
	if strings.ContainsAny(strings.TrimPrefix(link, w.GatewayURL), "%?#+&= ") {
		t.Errorf("the SDK would spoil %s", link)
	}
	whole, text := w.fetch(t, http.MethodGet, link, "")
	if text != "0123456789" || whole.Header.Get("Content-Type") != "text/plain; charset=utf-8" || !strings.HasPrefix(whole.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%q %v", text, whole.Header)
	}
	for _, c := range []struct {
		name, field, value string
		status             int
		body               string
	}{
		{"range", "Range", "bytes=2-4", 206, "234"},
		{"range to the end", "Range", "bytes=7-", 206, "789"},
		{"last bytes", "Range", "bytes=-2", 206, "89"},
		{"range behind the end", "Range", "bytes=50-", 416, "invalid range: failed to overlap\n"},
		{"unchanged", "If-None-Match", whole.Header.Get("ETag"), 304, ""},
		{"changed", "If-None-Match", `"other"`, 200, "0123456789"},
	} {
		if answer, text := w.fetch(t, http.MethodGet, link, "", c.field, c.value); answer.StatusCode != c.status || text != c.body {
			t.Errorf("%s: %d %q", c.name, answer.StatusCode, text)
		}
	}
	if head, text := w.fetch(t, http.MethodHead, link, ""); head.ContentLength != 10 || text != "" {
		t.Errorf("HEAD: %d %q", head.ContentLength, text)
	}
	for name, bad := range map[string]string{
		"forged": w.GatewayURL + admin.DownloadPath + strings.Repeat("A", 80), "wrong kind": strings.Replace(url, admin.UploadPath, admin.DownloadPath, 1),
	} {
		if answer, text := w.fetch(t, http.MethodGet, bad, ""); answer.StatusCode != 403 || strings.Contains(text, "012345") {
			t.Errorf("%s: %d %s", name, answer.StatusCode, text)
		}
	}
	t.Run("what a browser may run is delivered as a download", func(t *testing.T) {
		for name, inline := range map[string]bool{"x.html": false, "x.svg": false, "x.png": true, "x.js": false, "x": false} {
			if _, text := w.fetch(t, http.MethodPut, w.uploadURL(t, own, "a-main", name), "<html><script>alert(1)</script>"); text != "" {
				t.Fatal(text)
			}
			answer, _ := w.fetch(t, http.MethodGet, w.downloadURL(t, own, "a-main", name), "")
			shown := strings.HasPrefix(answer.Header.Get("Content-Disposition"), "inline")
			if shown && (!inline || strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html")) {
				t.Errorf("%s: %v", name, answer.Header)
			}
		}
	})
	t.Run("tickets end", func(t *testing.T) {
		stale, fresh := w.downloadURL(t, own, "a-main", "x"), w.uploadURL(t, own, "a-main", "y")
		w.clock.advance(3 * time.Hour)
		defer w.clock.advance(-3 * time.Hour)
		for method, url := range map[string]string{http.MethodGet: stale, http.MethodPut: fresh} {
			if answer, text := w.fetch(t, method, url, ""); answer.StatusCode != 403 {
				t.Errorf("%s after three hours: %d %s", method, answer.StatusCode, text)
			}
		}
	})
	t.Run("paths cannot escape", func(t *testing.T) {
		for _, path := range []string{"", "/a", "../a", "a/../b", "a//b", "a/", "a\\b", "a\x00b", strings.Repeat("x", 900)} {
			if got := w.data(t, own, "a-main", "storage.getUploadMetadata", map[string]any{"path": path}); got.Code != "INVALID_PARAM" {
				t.Errorf("%q: %s", path, got.text)
			}
		}
	})
	t.Run("too many files", func(t *testing.T) {
		list := make([]string, 51)
		for i := range list {
			list[i] = models.FileID("a-main", fmt.Sprint(i))
		}
		if got := w.data(t, own, "a-main", "storage.batchDeleteFile", map[string]any{"fileid_list": list}); got.Code != "INVALID_PARAM" {
			t.Error(got.text)
		}
	})
}

func TestAnEndedShareEndsItsTickets(t *testing.T) {
	w := dataWorld(t)
	borrowed(t, w, models.Permissions()...)
	own, _ := w.Credential(t, appA, "a-main")
	session := w.session(t, own, appB, "b-main")
	if _, text := w.fetch(t, http.MethodPut, w.uploadURL(t, session, "b-main", "a.txt"), "secret"); text != "" {
		t.Fatal(text)
	}
	up, down := w.uploadURL(t, session, "b-main", "b.txt"), w.downloadURL(t, session, "b-main", "a.txt")
	borrowed(t, w, models.DatabaseRead)
	for method, url := range map[string]string{http.MethodGet: down, http.MethodPut: up} {
		if answer, text := w.fetch(t, method, url, "x"); answer.StatusCode != 403 || strings.Contains(text, "secret") {
			t.Errorf("%s after the permission went: %d %s", method, answer.StatusCode, text)
		}
	}
}

func TestHalfAnUploadIsNoFile(t *testing.T) {
	w := dataWorld(t)
	borrowed(t, w, models.Permissions()...)
	own, _ := w.Credential(t, appA, "a-main")
	form := "--x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nf.txt\r\n--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nhalf"
	answer, text := w.fetch(t, http.MethodPost, w.uploadURL(t, own, "a-main", "f.txt"), form, "Content-Type", "multipart/form-data; boundary=x")
	if answer.StatusCode == 200 || !strings.Contains(text, "<Error>") {
		t.Errorf("%d %s", answer.StatusCode, text)
	}
	got := w.data(t, own, "a-main", "storage.batchGetDownloadUrl", map[string]any{"file_list": []map[string]any{{"fileid": models.FileID("a-main", "f.txt")}}})
	mustContain(t, got, "STORAGE_FILE_NONEXIST")
	whole := form + "\r\n--x--\r\n"
	if _, text := w.fetch(t, http.MethodPost, w.uploadURL(t, own, "a-main", "f.txt"), whole, "Content-Type", "multipart/form-data; boundary=x"); text != "" {
		t.Fatal(text)
	}
	if _, text := w.fetch(t, http.MethodGet, w.downloadURL(t, own, "a-main", "f.txt"), ""); text != "half" {
		t.Errorf("%q", text)
	}
}
