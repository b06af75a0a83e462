package i18n_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"envshare/internal/i18n"
)

func catalogue(t *testing.T, name string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]string
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

var placeholder = regexp.MustCompile(`\{[a-z0-9_]+\}`)

func TestCataloguesHaveTheSameKeysAndPlaceholders(t *testing.T) {
	zh, en := catalogue(t, "zh"), catalogue(t, "en")
	if diff := cmp.Diff(slices.Sorted(maps.Keys(zh)), slices.Sorted(maps.Keys(en))); diff != "" {
		t.Errorf("keys of zh (-) and en (+): %s", diff)
	}
	names := func(text string) []string {
		found := placeholder.FindAllString(text, -1)
		slices.Sort(found)
		return slices.Compact(found)
	}
	for key, text := range zh {
		if strings.TrimSpace(text) == "" || strings.TrimSpace(en[key]) == "" {
			t.Errorf("%s is empty", key)
		}
		if diff := cmp.Diff(names(text), names(en[key])); diff != "" {
			t.Errorf("placeholders of %s, zh (-) and en (+): %s", key, diff)
		}
	}
}

func TestEnglishHasNoChinese(t *testing.T) {
	for key, text := range catalogue(t, "en") {
		if key == "layout.other_language" {
			continue // a language is offered in its own name
		}
		if strings.ContainsFunc(text, func(r rune) bool { return r >= 0x4e00 && r <= 0x9fff }) {
			t.Errorf("%s: %s", key, text)
		}
	}
}

// madeFromParts are keys that code puts together from a prefix and a value.
var madeFromParts = []string{"audit_action.", "audit_field.", "audit_group.", "audit_mode.", "preset.", "transfer_kind.", "transfer_status.", "app_kind.", "call.", "diff.", "function_template.", "function_template_hint.", "invocation_source.", "invocation_status.", "permission.", "role.", "usage_range.", "denial_code.", "explain_ok.", "explain_status.", "explain_step.", "explain_fix.", "explain_person.", "operation.", "plane."}

// otherNames look like keys and are none: audit actions, permissions, columns.
var otherNames = regexp.MustCompile(`^(app|environment|function|principal|share|sharing|user|credential|installation|collection|index|document|documents|file|transfer|visitor)\.(stored|moved|imported|exported|saved|secret_set|created|changed|deployed|deleted|rolled_back|paused|resumed|removed|left|enabled|disabled|issued|revoked|restored|purged|signed_out|sign_in|sign_in_refused|set_up|password_reset|cancelled)$` +
	`|^(functions|database|storage|users|statistics|settings)\.(view|operate|invoke|read|write|aggregate|watch|create|update|delete)$` +
	`|^(apps|environments)\.(app_id|id|name)$`)

// asked finds the keys in calls that take one.
var asked = regexp.MustCompile(`(?:i18n\.T\([\w.()]+, |i18n\.(?:Text|Both)\((?:[^,"]+, )?|\b[EM]\((?:[\w.]+, )?|Deny\([\w.]+, |Flash\([^,"]+, [^,]+, |\.Add\([^,]+, |titleKey: )"([a-z0-9_.]+[a-z0-9_])"`)

// prefix finds the beginnings of keys that are put together.
var prefix = regexp.MustCompile(`"([a-z0-9_]+\.)" ?\+`)

var literal = regexp.MustCompile(`"([a-z0-9_]+(?:\.[a-z0-9_]+)+)"`)

func TestEveryKeyIsKnownAndUsed(t *testing.T) {
	zh := catalogue(t, "zh")
	groups := map[string]bool{}
	for key := range zh {
		groups[strings.SplitN(key, ".", 2)[0]] = true
	}
	used := map[string]bool{}
	for _, dir := range []string{"handlers", "models", "views", "web", "internal", "."} {
		for name, source := range sources(t, filepath.Join("..", "..", dir), dir == ".") {
			for _, match := range asked.FindAllStringSubmatch(source, -1) {
				if zh[match[1]] == "" {
					t.Errorf("%s: no catalogue has %s", name, match[1])
				}
			}
			for _, match := range prefix.FindAllStringSubmatch(source, -1) {
				if !groups[strings.TrimSuffix(match[1], ".")] && match[1] != "perm." {
					t.Errorf("%s: no catalogue has a key that begins with %s", name, match[1])
				}
			}
			for _, match := range literal.FindAllStringSubmatch(source, -1) {
				key := match[1]
				used[key] = true
				if groups[strings.SplitN(key, ".", 2)[0]] && zh[key] == "" && !otherNames.MatchString(key) {
					t.Errorf("%s: no catalogue has %s", name, key)
				}
			}
		}
	}
	for key := range zh {
		made := slices.ContainsFunc(madeFromParts, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
		if !used[key] && !made {
			t.Errorf("%s is not used", key)
		}
	}
}

// sources returns the hand-written Go and templ files below a folder.
func sources(t *testing.T, root string, flat bool) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != root && (flat || entry.Name() == "node_modules" || entry.Name() == "testdata") {
			return fs.SkipDir
		}
		source := strings.HasSuffix(name, ".templ") || strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && !strings.HasSuffix(name, "_templ.go")
		if entry.IsDir() || !source {
			return nil
		}
		data, err := os.ReadFile(name)
		found[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

type fruit struct{}

func (fruit) MessageKey() string { return "role.admin" }

func TestTexts(t *testing.T) {
	en := i18n.WithLocale(context.Background(), i18n.English)
	for name, test := range map[string]struct{ got, want string }{
		"placeholder":       {i18n.T(en, "error.too_long", "max", 5), "At most 5 characters."},
		"default is zh":     {i18n.T(context.Background(), "error.required"), "必填。"},
		"unknown locale":    {i18n.T(i18n.WithLocale(context.Background(), "fr"), "error.required"), "必填。"},
		"unknown key":       {i18n.T(en, "no.such"), "no.such"},
		"named value":       {i18n.T(en, "error.role_needed", "role", fruit{}), "This needs the role \"Administrator\"; an administrator of the app can give it to you."},
		"args":              {i18n.Text(i18n.English, "error.too_long", map[string]any{"max": 7}), "At most 7 characters."},
		"both":              {i18n.Both("error.required", nil), "必填。 / This is required."},
		"value with braces": {i18n.T(en, "error.role", "role", "{role}"), "Unknown role: {role}"},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %q, want %q", name, test.got, test.want)
		}
	}
}

func TestMatch(t *testing.T) {
	for header, want := range map[string]string{
		"": "zh", "en": "en", "en-GB,en;q=0.9": "en", "zh-TW": "zh", "zh-CN,zh;q=0.9,en;q=0.8": "zh",
		"fr": "zh", "fr,en;q=0.5": "en", "\x00;;q=x": "zh", "*": "zh",
	} {
		if got := i18n.Match(header); got != want {
			t.Errorf("Match(%q) = %s, want %s", header, got, want)
		}
	}
}
