package handlers_test

import (
	"io/fs"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"envshare/internal/testkit"
)

// saved is an installation that is made once and copied for every test that begins
// with it.
type saved struct {
	once   sync.Once
	data   fs.FS
	names  map[string]string
	people map[string]person
}

// The installations that tests begin with: nothing, the apps of the manifest, and
// a world in which everything is there that a route may name.
var emptyInstallation, appsInstallation, fullInstallation saved

// of returns the data of the installation, which fill makes the first time.
func (s *saved) of(t testing.TB, fill func(k *console)) fs.FS {
	t.Helper()
	s.once.Do(func() {
		k := consoleOf(t, testkit.New(t, testkit.Options{NoRunner: true}))
		fill(k)
		s.data = k.kit.Save(t)
	})
	if s.data == nil {
		t.Fatal("the installation that this test begins with could not be made")
	}
	return s.data
}

// person is somebody who is signed in, or nobody: what a browser of theirs keeps.
type person struct {
	cookies []*http.Cookie
	token   string
}

// leave is what a browser keeps, for come in a copy of its installation.
func (b *browser) leave(token string) person {
	b.t.Helper()
	at, err := url.Parse(b.base)
	must(b.t, err)
	return person{b.client.Jar.Cookies(at), token}
}

// come is the browser of somebody who was there before.
func (k *console) come(p person) *browser {
	k.t.Helper()
	jar, err := cookiejar.New(nil)
	must(k.t, err)
	at, err := url.Parse(k.url)
	must(k.t, err)
	jar.SetCookies(at, p.cookies)
	b := k.browser()
	b.client.Jar = jar
	return b
}

// replace puts what placeholders stand for into a text; longer ones count first.
func replace(names map[string]string, text string) string {
	var pairs []string
	for _, name := range slices.SortedFunc(maps.Keys(names), func(a, b string) int { return len(b) - len(a) }) {
		pairs = append(pairs, name, names[name])
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
