package main_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "envshare"

// mayImport is the import arrows: what the non-test code of a package may import
// of ours. A row covers the folders below it too, unless they have a row of their
// own; so does an entry that ends in "/...".
var mayImport = map[string][]string{
	"":                          {"handlers", "web/...", "views/...", "static", "models", "internal/..."},
	"models":                    {},
	"handlers":                  {"web/...", "views/...", "internal/service", "internal/paths", "internal/i18n", "models"},
	"views":                     {"views/...", "internal/i18n", "internal/paths", "models"},
	"views/ui":                  {"internal/i18n", "internal/paths"},
	"static":                    {},
	"web":                       {"web/...", "views/...", "static", "internal/i18n", "internal/paths", "models"},
	"internal/service":          {"internal/service/...", "internal/store", "internal/rules/...", "internal/docdb/...", "internal/runner", "internal/blob/...", "internal/identity/...", "internal/i18n", "models"},
	"internal/store":            {"internal/store/migrations", "models"},
	"internal/store/migrations": {},
	"internal/gateway":          {"internal/gateway/...", "internal/service", "internal/i18n", "models"},
	"internal/docdb":            {"internal/docdb/...", "models"},
	"internal/rules":            {"internal/rules/...", "internal/docdb/value", "internal/docdb/query", "models"},
	"internal/blob":             {"internal/blob/...", "models"},
	"internal/identity":         {"internal/identity/...", "models"},
	"internal/runner":           {},
	"internal/i18n":             {},
	"internal/paths":            {},
	"internal/config":           {},
	"internal/testkit":          {"", "handlers", "web/...", "views/...", "static", "models", "internal/..."},

	// The one driver with a page for people.
	"internal/identity/wechatsim": {"internal/i18n"},
}

// testsMayImport is what tests may import besides.
var testsMayImport = []string{"internal/testkit/...", "internal/store/..."}

// homes are the only folders that may import what begins with the key.
var homes = map[string][]string{
	"gorm.io/":                 {"internal/store/..."},
	"github.com/labstack/echo": {"", "handlers/...", "web/...", "internal/gateway/...", "internal/testkit/..."},
}

type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func TestImportsFollowTheArrows(t *testing.T) {
	packages := list(t)
	if len(packages) < 5 {
		t.Fatalf("go list found only %d packages", len(packages))
	}
	for _, p := range packages {
		for _, wrong := range violations(p) {
			t.Error(wrong)
		}
	}
}

func TestTheArrowsRefuse(t *testing.T) {
	for from, path := range map[string]string{
		"models": "envshare/internal/store", "handlers": "envshare/internal/store", "views": "gorm.io/gorm", "views/ui": "envshare/models",
		"internal/service": "github.com/labstack/echo/v4", "web/session": "envshare/handlers", "internal/gateway/admin": "envshare/web",
		"internal/runner": "envshare/models", "": "envshare/internal/testkit", "elsewhere": "fmt", "internal/store": "envshare/internal/service",
	} {
		if len(violations(listed{ImportPath: strings.TrimSuffix(module+"/"+from, "/"), Imports: []string{path}})) != 1 {
			t.Errorf("%q may import %s", from, path)
		}
	}
}

// violations says what a package imports and must not.
func violations(p listed) []string {
	from := ours(p.ImportPath)
	allowed, ok := rowOf(from)
	if !ok {
		return []string{p.ImportPath + " has no row in mayImport: decide what it may know"}
	}
	tests := slices.Concat(allowed, testsMayImport, []string{from})
	code := check(from, p.Imports, allowed, from == "internal/testkit")
	return slices.Concat(code, check("a test of "+from, p.TestImports, tests, true), check("a test of "+from, p.XTestImports, tests, true))
}

func check(from string, imports, allowed []string, testkit bool) (wrong []string) {
	for _, path := range imports {
		for prefix, folders := range homes {
			if strings.HasPrefix(path, prefix) && !matches(folders, strings.TrimPrefix(from, "a test of ")) {
				wrong = append(wrong, fmt.Sprintf("%q imports %s, which belongs into %q alone", from, path, folders))
			}
		}
		if path != module && !strings.HasPrefix(path, module+"/") {
			continue
		}
		to := ours(path)
		if !matches(allowed, to) || !testkit && matches([]string{"internal/testkit/..."}, to) {
			wrong = append(wrong, fmt.Sprintf("%q imports %q, against the arrows: allowed are %q", from, to, allowed))
		}
	}
	return wrong
}

// ours returns a package's folder, "" for the root.
func ours(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
}

// rowOf returns the row of a folder or of the nearest one above it.
func rowOf(folder string) ([]string, bool) {
	for at := folder; ; {
		if row, ok := mayImport[at]; ok {
			return row, true
		}
		slash := strings.LastIndex(at, "/")
		if slash < 0 {
			return nil, false
		}
		at = at[:slash]
	}
}

func matches(patterns []string, folder string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		root, below := strings.CutSuffix(pattern, "/...")
		return folder == root || below && strings.HasPrefix(folder, root+"/")
	})
}

func list(t *testing.T) []listed {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("read what go list says: %v", err)
		}
		if !strings.Contains(p.ImportPath, "/node_modules/") {
			packages = append(packages, p)
		}
	}
}
