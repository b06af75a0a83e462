package form_test

import (
	"bytes"
	"errors"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"

	"envshare/models"
	"envshare/web/form"
)

type sample struct {
	Name     string   `form:"name" query:"name"`
	Password string   `form:"password" trim:"no"`
	Count    int      `form:"count" query:"count"`
	On       bool     `form:"on"`
	Tags     []string `form:"tag" query:"tag"`
	Note     *string  `form:"note"`
	Missing  *string  `form:"missing"`
}

func post(contentType, body string) echo.Context {
	r := httptest.NewRequest(http.MethodPost, "/x", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	return echo.New().NewContext(r, httptest.NewRecorder())
}

func multipartBody(t *testing.T, fields map[string]string, file []byte) (contentType, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, v := range fields {
		if err := w.WriteField(k, v); err != nil {
			t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("file", "code.zip")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(file); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), b.String()
}

func TestBindConvertsAndTrims(t *testing.T) {
	note := "a note"
	want := sample{Name: "名字", Password: " kept ", Count: 3, On: true, Tags: []string{"a", "b"}, Note: &note}

	t.Run("an encoded form", func(t *testing.T) {
		values := url.Values{"name": {"  名字\n"}, "password": {" kept "}, "count": {"3"}, "on": {"true"}, "tag": {" a", "b "}, "note": {" a note "}}
		var got sample
		if err := form.Bind(post("application/x-www-form-urlencoded; charset=utf-8", values.Encode()), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("a form with files", func(t *testing.T) {
		contentType, body := multipartBody(t, map[string]string{"name": " x ", "count": "7"}, []byte("zip"))
		c := post(contentType, body)
		var got sample
		if err := form.Bind(c, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sample{Name: "x", Count: 7}, got); diff != "" {
			t.Error(diff)
		}
		if _, err := c.FormFile("file"); err != nil {
			t.Errorf("file: %v", err)
		}
		if err := form.Release(c); err != nil {
			t.Error(err)
		}
	})

	t.Run("the query of a GET", func(t *testing.T) {
		r := httptest.NewRequest(http.MethodGet, "/x?name=+n+&count=2&tag=+t", nil)
		var got sample
		if err := form.Bind(echo.New().NewContext(r, httptest.NewRecorder()), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sample{Name: "n", Count: 2, Tags: []string{"t"}}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestBindRefusesWhatIsMalformed(t *testing.T) {
	cases := map[string]struct{ contentType, body string }{
		"a word for a number":    {"application/x-www-form-urlencoded", "count=many"},
		"a broken escape":        {"application/x-www-form-urlencoded", "name=%zz"},
		"bytes that are no text": {"application/x-www-form-urlencoded", "name=%ff%fe"},
		"NUL in a list":          {"application/x-www-form-urlencoded", "tag=a%00b"},
		"NUL in a password":      {"application/x-www-form-urlencoded", "password=a%00b"},
		"JSON":                   {"application/json", `{"name":"x"}`},
		"no type":                {"", "name=x"},
		"multipart cut short":    {"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nx"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got sample
			if err := form.Bind(post(tc.contentType, tc.body), &got); !models.IsCode(err, models.CodeInvalid) {
				t.Errorf("error = %v, want invalid", err)
			}
		})
	}
}

func TestBindBoundsTheBody(t *testing.T) {
	huge := "name=" + strings.Repeat("x", form.MaxBody)
	var tooLarge *http.MaxBytesError

	t.Run("length announced", func(t *testing.T) {
		var got sample
		if err := form.Bind(post("application/x-www-form-urlencoded", huge), &got); !errors.As(err, &tooLarge) {
			t.Errorf("error = %v, want too large", err)
		}
	})

	t.Run("length not announced", func(t *testing.T) {
		c := post("application/x-www-form-urlencoded", huge)
		c.Request().ContentLength = -1
		var got sample
		if err := form.Bind(c, &got); !errors.As(err, &tooLarge) {
			t.Errorf("error = %v, want too large", err)
		}
	})

	t.Run("a larger bound that was set before stays", func(t *testing.T) {
		contentType, body := multipartBody(t, map[string]string{"name": "n"}, make([]byte, 2*form.MaxBody))
		c := post(contentType, body)
		if err := form.Parse(c, 4*form.MaxBody); err != nil {
			t.Fatal(err)
		}
		var got sample
		if err := form.Bind(c, &got); err != nil || got.Name != "n" {
			t.Errorf("got %+v, error %v", got, err)
		}
		if err := form.Release(c); err != nil {
			t.Error(err)
		}
	})
}
