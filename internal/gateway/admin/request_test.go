package admin

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

const sampleFormType = "multipart/form-data; boundary=sample"

// sampleForm is a form as wx-server-sdk sends it, with binary data that a text
// decoder would spoil.
func sampleForm(tb testing.TB) (body []byte, contentType string) {
	tb.Helper()
	return reencode(tb, sampleFormType, []Param{
		{Name: "action", value: []byte("wx.openApi")},
		{Name: "requestData", value: []byte(" \xff\x00\r\n=3D "), binary: true},
		{Name: "apiOptions", binary: true},
		{Name: "envName", value: []byte("")},
		{Name: "note", value: []byte("  中文 \n")},
	}), sampleFormType
}

func decode(contentType, body string) (*Request, error) {
	r := httptest.NewRequest(http.MethodPost, "/admin", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	return DecodeRequest(r, Limits{})
}

func TestDecodeJSON(t *testing.T) {
	req, err := decode("application/json; charset=UTF-8", " {\n \"action\" : \"a.b\", \"limit\":5 ,\"multi\":false,\"list\":[ {\"b\":\"<\\u003e\",\"a\":[]} , 1.0 ],"+
		`"text":"\u4e2d\ud83d\"","blank":" \ufeff ","null":null, "obj":{"x":"}]\\"} }`+"\t")
	if err != nil {
		t.Fatal(err)
	}
	if req.Action != "a.b" || req.Multipart {
		t.Errorf("action %q, multipart %v", req.Action, req.Multipart)
	}
	var order []string
	for _, p := range req.Params {
		order = append(order, p.Name)
	}
	if diff := cmp.Diff([]string{"action", "limit", "multi", "list", "text", "blank", "null", "obj"}, order); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	for _, tt := range []struct{ name, raw, text string }{
		{"action", `"a.b"`, "a.b"},
		{"limit", "5", "5"},
		{"multi", "false", "false"},
		{"list", `[ {"b":"<\u003e","a":[]} , 1.0 ]`, `[ {"b":"<\u003e","a":[]} , 1.0 ]`},
		{"text", `"\u4e2d\ud83d\""`, "中\ufffd\""},
		{"blank", `""`, ""},
		{"null", "null", "null"},
		{"obj", `{"x":"}]\\"}`, `{"x":"}]\\"}`},
		{"LIMIT", "5", "5"},
	} {
		raw, ok := req.Raw(tt.name)
		if !ok || string(raw) != tt.raw {
			t.Errorf("Raw(%s) = %q, %v; want %q", tt.name, raw, ok, tt.raw)
		}
		text, ok := req.String(tt.name)
		if !ok || text != tt.text {
			t.Errorf("String(%s) = %q, %v; want %q", tt.name, text, ok, tt.text)
		}
		data, ok := req.Bytes(tt.name)
		if !ok || string(data) != tt.text {
			t.Errorf("Bytes(%s) = %q, %v; want %q", tt.name, data, ok, tt.text)
		}
	}
	_, str := req.String("absent")
	_, raw := req.Raw("absent")
	_, data := req.Bytes("absent")
	if str || raw || data {
		t.Error("an absent parameter was found")
	}
}

func TestDecodeMultipart(t *testing.T) {
	body, contentType := sampleForm(t)
	req, err := decode(contentType, string(body))
	if err != nil {
		t.Fatal(err)
	}
	if req.Action != "wx.openApi" || !req.Multipart {
		t.Errorf("action %q, multipart %v", req.Action, req.Multipart)
	}
	for name, want := range map[string]string{
		"requestData": " \xff\x00\r\n=3D ", "apiOptions": "", "envName": "", "note": "  中文 \n", "ACTION": "wx.openApi",
	} {
		if got, ok := req.Bytes(name); !ok || string(got) != want {
			t.Errorf("Bytes(%s) = %q, %v; want %q", name, got, ok, want)
		}
	}
	if _, ok := req.String("requestData"); ok {
		t.Error("binary data was read as text")
	}
	if text, ok := req.String("note"); !ok || text != "  中文 \n" {
		t.Errorf("String(note) = %q, %v", text, ok)
	}
	if _, ok := req.Raw("action"); ok {
		t.Error("a form has no JSON source text")
	}
}

// TestWhatTheSignatureDoesNotBind changes only what leaves the signature valid
// and demands that the handler reads the same text as before.
func TestWhatTheSignatureDoesNotBind(t *testing.T) {
	const body = `{"action":"database.removeDocument","query":"{\"a\":1}","limit":5,"note":"  "}`
	for name, change := range map[string][2]string{
		"spelling of a name":          {`"query"`, `"QuErY"`},
		"space around a name":         {`"query"`, `" query\ufeff"`},
		"a text sent as an object":    {`"{\"a\":1}"`, `{"a":1}`},
		"a number sent as a text":     {`5`, `"5"`},
		"white space dropped":         {`"note":"  "`, `"note":""`},
		"white space parameter added": {`"limit"`, `"more":" ","limit"`},
	} {
		t.Run(name, func(t *testing.T) {
			r := signed(t, body)
			changed := strings.Replace(body, change[0], change[1], 1)
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(changed)), int64(len(changed))
			req, err := DecodeRequest(r, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			auth, err := ParseAuthorization(r.Header.Get("Authorization"))
			if err != nil {
				t.Fatal(err)
			}
			if err := Verify(NewSignedRequest(r, req.Params), auth, testCredential.SecretKey, testTime); err != nil {
				t.Fatalf("the signature does bind it: %v", err)
			}
			for name, want := range map[string]string{"query": `{"a":1}`, "limit": "5", "note": "", "more": ""} {
				if got, _ := req.String(name); got != want {
					t.Errorf("%s reads %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	part := func(head, body string) string { return "--sample\r\n" + head + "\r\n\r\n" + body + "\r\n" }
	text := func(name, body string) string { return part(`Content-Disposition: form-data; name="`+name+`"`, body) }
	const end = "--sample--\r\n"
	var manyMembers, manyParts strings.Builder
	for i := range maxParams + 1 {
		fmt.Fprintf(&manyMembers, `,"p%d":1`, i)
		manyParts.WriteString(text(fmt.Sprintf("p%d", i), "1"))
	}
	nested := func(n int) string {
		return `{"a":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}`
	}
	for _, tt := range []struct {
		name, contentType, body string
		want                    error
	}{
		{"no JSON", jsonType, `{oops`, ErrBody},
		{"nothing", jsonType, ``, ErrBody},
		{"an array", jsonType, `[{"action":"a"}]`, ErrBody},
		{"a string", jsonType, `"action"`, ErrBody},
		{"two objects", jsonType, `{}{}`, ErrBody},
		{"a byte order mark", jsonType, "\ufeff{}", ErrBody},
		{"bytes that are not UTF-8", jsonType, "{\"a\":\"\xff\"}", ErrBody},
		{"no name", jsonType, `{"":1}`, ErrBody},
		{"a name of white space", jsonType, `{" ":1}`, ErrBody},
		{"a long name", jsonType, `{"` + strings.Repeat("a", maxParamName+1) + `":1}`, ErrBody},
		{"a name twice", jsonType, `{"a":1,"a":1}`, ErrDuplicate},
		{"a name in two spellings", jsonType, `{"envName":"a","envname":"b"}`, ErrDuplicate},
		{"a name escaped", jsonType, `{"a":1,"\u0061":2}`, ErrDuplicate},
		{"too many members", jsonType, "{" + manyMembers.String()[1:] + "}", ErrTooLarge},
		{"nested too deeply", jsonType, nested(maxJSONDepth + 1), ErrBody},
		{"nested beyond any parser", jsonType, nested(20000), ErrBody},
		{"no content type", "", `{}`, ErrContentType},
		{"another content type", "text/plain", `{}`, ErrContentType},
		{"almost a form", "multipart/form-datax; boundary=sample", end, ErrContentType},
		{"no boundary", "multipart/form-data", end, ErrContentType},
		{"form that never began", sampleFormType, "", ErrBody},
		{"form cut short in a part", sampleFormType, text("a", "1") + text("b", "2"), ErrBody},
		{"form cut short in a head", sampleFormType, text("a", "1") + "--sample\r\nContent-Disposition: form-data", ErrBody},
		{"part with a malformed head", sampleFormType, part("no colon", "1") + end, ErrBody},
		{"part without a name", sampleFormType, part("Content-Disposition: form-data", "1") + end, ErrBody},
		{"part without a disposition", sampleFormType, part("X: y", "1") + end, ErrBody},
		{"text part that is not UTF-8", sampleFormType, text("a", "\xff") + end, ErrBody},
		{"part twice", sampleFormType, text("a", "1") + text("A", "1") + end, ErrDuplicate},
		{"too many parts", sampleFormType, manyParts.String() + end, ErrTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := decode(tt.contentType, tt.body); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
	if _, err := decode(jsonType, nested(maxJSONDepth)); err != nil {
		t.Errorf("nested as deeply as allowed: %v", err)
	}
	if req, err := decode(jsonType, "{}"); err != nil || req.Action != "" {
		t.Errorf("an empty object has no action: %v, %v", req, err)
	}
}

func TestBodyLimits(t *testing.T) {
	form, formType := sampleForm(t)
	for _, tt := range []struct {
		name, contentType string
		body              []byte
		limits            Limits
		want              error
	}{
		{"exactly the limit", jsonType, []byte(`{"a":1}`), Limits{Body: 7}, nil},
		{"one byte more", jsonType, []byte(`{"a":1} `), Limits{Body: 7}, ErrTooLarge},
		{"6 MB of arguments", jsonType, []byte(`{"request_data":"` + strings.Repeat("x", 6<<20) + `"}`), Limits{}, nil},
		{"default limit", jsonType, bytes.Repeat([]byte(" "), DefaultMaxBody+1), Limits{}, ErrTooLarge},
		{"part of exactly the limit", formType, form, Limits{Part: 10}, nil},
		{"part one byte longer", formType, form, Limits{Part: 9}, ErrTooLarge},
		{"form larger than the body's limit", formType, form, Limits{Body: 100}, ErrTooLarge},
	} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, chunked %v", tt.name, chunked), func(t *testing.T) {
				r := httptest.NewRequest(http.MethodPost, "/admin", bytes.NewReader(tt.body))
				r.Header.Set("Content-Type", tt.contentType)
				if chunked {
					r.ContentLength = -1
				}
				if _, err := DecodeRequest(r, tt.limits); !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
			})
		}
	}
}

func TestConnectionErrorsAreNoRefusals(t *testing.T) {
	broken := errors.New("connection broke")
	r := httptest.NewRequest(http.MethodPost, "/admin", iotest.ErrReader(broken))
	r.Header.Set("Content-Type", jsonType)
	_, err := DecodeRequest(r, Limits{})
	if !errors.Is(err, broken) || errors.Is(err, ErrBody) || errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

func TestQuotedPrintableIsNotDecoded(t *testing.T) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition":       {`form-data; name="a"`},
		"Content-Transfer-Encoding": {"quoted-printable"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(part, "=41"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	req, err := decode(w.FormDataContentType(), body.String())
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := req.String("a"); got != "=41" {
		t.Errorf("got %q", got)
	}
}
