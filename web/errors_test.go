package web_test

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"envshare/models"
	"envshare/web"
)

func TestEveryCodeHasItsStatus(t *testing.T) {
	// internal says that nothing of the error may be told.
	cases := map[models.Code]struct {
		status   int
		internal bool
	}{
		models.CodeInvalid:             {400, false},
		models.CodeForbidden:           {403, false},
		models.CodeNotFound:            {404, false},
		models.CodeConflict:            {409, false},
		models.CodeLimited:             {429, false},
		models.CodeUnavailable:         {503, false},
		models.CodeInternal:            {500, true},
		models.CodeEnvUnknown:          {404, false},
		models.CodeEnvNotShared:        {403, false},
		models.CodeAuthFunctionMissing: {409, false},
		models.CodeAuthNoErrCode:       {409, false},
		models.CodeAuthRefused:         {403, false},
		models.CodeAuthMalformed:       {409, false},
		models.CodeSessionInvalid:      {403, false},
		models.CodePermissionMissing:   {403, false},
		models.CodeFunctionUnknown:     {404, false},
		models.CodeFunctionFailed:      {422, false},
		models.CodeFunctionTimedOut:    {422, false},
		models.CodeFunctionOutOfMemory: {422, false},
		models.CodeResultTooLarge:      {422, false},
		models.CodeOperator:            {422, false},
		models.CodeWriteRefused:        {422, false},
		models.CodeCollectionUnknown:   {404, false},
		models.CodeCollectionExists:    {409, false},
		models.CodeCollectionLimit:     {409, false},
		models.CodeTransactionConflict: {409, false},
		models.CodeTransactionUnknown:  {409, false},
		models.CodeTokenExpired:        {403, false},
		models.CodeRuleDenied:          {403, false},
		models.CodeFileUnknown:         {404, false},
		models.CodeFileEnv:             {404, false},
		"a code nobody knows":          {500, true},
	}
	for code, tc := range cases {
		t.Run(string(code), func(t *testing.T) {
			k := newConsole(t, web.Config{})
			a := k.get("/fails/"+strings.ReplaceAll(string(code), " ", "%20"), "Accept-Language", "en")
			if a.StatusCode != tc.status {
				t.Errorf("status %d, want %d", a.StatusCode, tc.status)
			}
			if told := strings.Contains(a.body, "At most 41 characters."); told == tc.internal {
				t.Errorf("message told: %v", told)
			}
			if strings.Contains(a.body, "hunter2") {
				t.Error("the cause is told")
			}
			if logged := strings.Contains(k.log.String(), "hunter2"); logged != tc.internal {
				t.Errorf("cause logged: %v", logged)
			}
			id := a.Header.Get("X-Request-Id")
			if len(id) != 26 || !strings.Contains(a.body, id) {
				t.Errorf("request id %q is not on the page", id)
			}
		})
	}
	t.Run("no code of models is missing here", func(t *testing.T) {
		source, err := os.ReadFile("../models/errors.go")
		if err != nil {
			t.Fatal(err)
		}
		declared := regexp.MustCompile(`(?m)^\tCode\w+\s+Code\s*=\s*"(\w+)"`).FindAllStringSubmatch(string(source), -1)
		if len(declared) < 20 {
			t.Fatalf("found only %d codes", len(declared))
		}
		for _, match := range declared {
			code := models.Code(match[1])
			if _, ok := cases[code]; !ok && code != models.CodeUnauthenticated {
				t.Errorf("%s", code)
			}
		}
	})
	t.Run("unauthenticated leads to sign-in", func(t *testing.T) {
		k := newConsole(t, web.Config{})
		if a := k.get("/fails/unauthenticated"); a.StatusCode != 303 || a.Header.Get("Location") != "/login?next=%2Ffails%2Funauthenticated" {
			t.Errorf("status %d, location %q", a.StatusCode, a.Header.Get("Location"))
		}
		a := k.get("/fails/unauthenticated", "HX-Request", "true", "HX-Current-URL", k.server.URL+"/apps")
		if a.StatusCode != 401 || a.Header.Get("HX-Redirect") != "/login?next=%2Fapps" {
			t.Errorf("htmx: status %d, HX-Redirect %q", a.StatusCode, a.Header.Get("HX-Redirect"))
		}
	})
	t.Run("invalid with marked fields is 422", func(t *testing.T) {
		if a := newConsole(t, web.Config{}).get("/fields"); a.StatusCode != 422 {
			t.Errorf("status %d", a.StatusCode)
		}
	})
}

func TestFailuresBecomePagesWithoutDetail(t *testing.T) {
	for _, path := range []string{"/panic", "/broken", "/foreign"} {
		t.Run(path, func(t *testing.T) {
			k := newConsole(t, web.Config{})
			a := k.get(path, "Accept-Language", "en", "X-Request-Id", "forged")
			id := a.Header.Get("X-Request-Id")
			page := a.document(t).Find(`[data-testid="error-page"]`)
			if a.StatusCode != 500 || page.Length() != 1 || !strings.Contains(page.Text(), id) || len(id) != 26 {
				t.Errorf("status %d, id %q: %s", a.StatusCode, id, a.body)
			}
			if strings.Contains(a.body, "hunter2") || strings.Contains(a.body, "goroutine") || strings.Contains(a.body, "half") {
				t.Error("detail is told")
			}
			if a.Header.Get("Content-Disposition") != "" || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
				t.Errorf("headers %v", a.Header)
			}
			log := k.log.String()
			if strings.Count(log, "hunter2") != 1 || !strings.Contains(log, "request_id="+id) || !strings.Contains(log, "status=500") {
				t.Errorf("log: %s", log)
			}
			if (path == "/panic") != strings.Contains(log, "stack=") {
				t.Errorf("stack logged: %v", strings.Contains(log, "stack="))
			}
		})
	}
}

func TestErrorPages(t *testing.T) {
	k := newConsole(t, web.Config{})

	t.Run("an unknown address, in the reader's language", func(t *testing.T) {
		a := k.get("/nowhere", "Accept-Language", "en")
		if a.StatusCode != 404 || a.document(t).Find("html").AttrOr("lang", "") != "en" {
			t.Errorf("status %d", a.StatusCode)
		}
		if a := k.get("/nowhere", "Accept-Language", "zh-CN"); a.document(t).Find("html").AttrOr("lang", "") != "zh-CN" {
			t.Error("not in Chinese")
		}
	})
	t.Run("a method that the address has not", func(t *testing.T) {
		if a := k.get("/theme"); a.StatusCode != 405 || a.Header.Get("Allow") == "" {
			t.Errorf("status %d, allow %q", a.StatusCode, a.Header.Get("Allow"))
		}
	})
	t.Run("htmx shows it as a whole", func(t *testing.T) {
		a := k.get("/fails/conflict", "HX-Request", "true")
		if a.StatusCode != 409 || a.Header.Get("HX-Retarget") != "body" || a.Header.Get("HX-Reselect") != "unset" || a.Header.Get("HX-Reswap") != "innerHTML" {
			t.Errorf("status %d, headers %v", a.StatusCode, a.Header)
		}
	})
	t.Run("JSON for whatever watches the process", func(t *testing.T) {
		r := k.request(http.MethodPut, "/healthz", nil)
		if a := k.send(r); a.StatusCode == 200 || !strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") {
			t.Errorf("status %d, %s", a.StatusCode, a.Header.Get("Content-Type"))
		}
	})
	t.Run("the sessions cannot be read", func(t *testing.T) {
		k := newConsole(t, web.Config{})
		k.signIn()
		k.records.Fail(models.E(models.CodeUnavailable, "error.internal"))
		a := k.get("/login", "Accept-Language", "en")
		if a.StatusCode != 503 || a.document(t).Find("html").AttrOr("lang", "") != "en" {
			t.Errorf("status %d", a.StatusCode)
		}
		if a := k.get("/healthz"); a.StatusCode != 200 {
			t.Errorf("healthz: status %d", a.StatusCode)
		}
	})
}
