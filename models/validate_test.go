package models

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// nameCases are the cases of every display name.
var nameCases = []struct {
	name, value string
	good        bool
}{
	{"one character", "店", true},
	{"64 characters", strings.Repeat("店", 64), true},
	{"65 characters", strings.Repeat("a", 65), false},
	{"empty", "", false},
	{"spaces", " \t　", false},
	{"line break", "a\nb", false},
	{"NUL", "a\x00", false},
	{"control character of the second set", "a\u0085", false},
	{"no text", "a\xff", false},
}

func TestDisplayNames(t *testing.T) {
	for _, c := range nameCases {
		t.Run(c.name, func(t *testing.T) {
			want := []string{"name"}
			if c.good {
				want = nil
			}
			wantFields(t, Principal{ID: "acme", Name: c.value}.Validate(), want...)
			wantFields(t, App{AppID: shop.AppID, Name: c.value, Kind: MiniProgram, PrincipalID: "acme"}.Validate(), want...)
			wantFields(t, Environment{ID: "e-1", AppID: shop.AppID, Name: c.value}.Validate(), want...)
			wantFields(t, NewEnvironment{Name: c.value, Prefix: "test"}.Validate(), want...)
		})
	}
}

// shapes checks one kind of identifier.
func shapes(t *testing.T, valid func(string) bool, good, bad []string) {
	t.Helper()
	for _, s := range good {
		if !valid(s) {
			t.Errorf("%q is refused", s)
		}
	}
	for _, s := range append(bad, "", good[0]+"\n", "\n"+good[0], good[0]+" ", good[0]+"\x00", good[0]+"é") {
		if valid(s) {
			t.Errorf("%q is accepted", s)
		}
	}
}

func TestShapesOfIdentifiers(t *testing.T) {
	t.Run("AppID", func(t *testing.T) {
		shapes(t, ValidAppID, []string{"wx0123456789abcdef"},
			[]string{"wx0123456789abcde", "wx0123456789abcdef0", "WX0123456789abcdef", "wx0123456789ABCDEF", "wx0123456789abcdeg", "gh_0123456789ab"})
	})
	t.Run("environment", func(t *testing.T) {
		shapes(t, ValidEnvironmentID, []string{"test-f96b31", "a1", "a" + strings.Repeat("-", 61) + "0", "a--b"},
			[]string{"a", "1a", "-a", "a-", "A1", "a_b", "a.b", strings.Repeat("a", 64), "../a"})
	})
	t.Run("function", func(t *testing.T) {
		shapes(t, ValidFunctionName, []string{AuthFunction, "a", "A-b_9", "a" + strings.Repeat("x", 59)},
			[]string{"1a", "_a", "-a", "a.b", "a/b", "..", "a" + strings.Repeat("x", 60)})
	})
	t.Run("principal", func(t *testing.T) {
		valid := func(s string) bool { return Principal{ID: s, Name: "n"}.Validate() == nil }
		shapes(t, valid, []string{"acme", "0", "a_b-c", strings.Repeat("a", 64)}, []string{"Acme", "_a", "-a", "a.b", strings.Repeat("a", 65)})
	})
	t.Run("user", func(t *testing.T) {
		valid := func(s string) bool { return User{Username: s}.Validate() == nil }
		shapes(t, valid, []string{"bob", "b0", "a.b-c_d", strings.Repeat("a", 32)}, []string{"b", "Bob", ".bob", "-b", "_b", strings.Repeat("a", 33), "b@b"})
	})
	t.Run("prefix of an environment", func(t *testing.T) {
		valid := func(s string) bool { return NewEnvironment{Name: "n", Prefix: s}.Validate() == nil }
		shapes(t, valid, []string{"test", "a", "a-b", "a" + strings.Repeat("x", 31)}, []string{"1a", "a-", "-a", "A", strings.Repeat("a", 33)})
	})
	t.Run("the longest prefix makes an environment id", func(t *testing.T) {
		if !ValidEnvironmentID(strings.Repeat("a", 32)+"-f96b31") || !ValidEnvironmentID("a-000000") {
			t.Fatal("a prefix that passes makes an id that does not")
		}
	})
}

func TestValidateNamesEveryWrongField(t *testing.T) {
	wantFields(t, App{}.Validate(), "appid", "name", "type", "principal")
	wantFields(t, App{AppID: shop.AppID, Name: "n", Kind: "game", PrincipalID: "acme"}.Validate(), "type")
	wantFields(t, App{AppID: shop.AppID, Name: "n", Kind: OfficialAccount, PrincipalID: "acme"}.Validate())
	wantFields(t, Environment{}.Validate(), "id", "appid", "name")
	wantFields(t, NewEnvironment{}.Validate(), "name", "prefix")
	wantFields(t, Principal{}.Validate(), "id", "name")
	wantFields(t, User{}.Validate(), "username")
	wantFields(t, Function{}.Validate(), "name", "timeout", "memory", "concurrency")
}

func TestValidatePassword(t *testing.T) {
	for _, c := range []struct {
		name, password string
		want           []string
	}{
		{"9 characters", strings.Repeat("密", 9), []string{"password"}},
		{"10 characters", strings.Repeat("密", 10), nil},
		{"200 characters", strings.Repeat("密", 200), nil},
		{"201 characters", strings.Repeat("x", 201), []string{"password"}},
		{"empty", "", []string{"password"}},
	} {
		t.Run(c.name, func(t *testing.T) { wantFields(t, ValidatePassword(c.password), c.want...) })
	}
}

func TestRoles(t *testing.T) {
	for name, role := range map[string]Role{"viewer": RoleViewer, "developer": RoleDeveloper, "admin": RoleAdmin} {
		got, err := ParseRole(name)
		if err != nil || got != role || role.String() != name {
			t.Errorf("%q is %v, %v; as text %q", name, got, err, role)
		}
	}
	for _, name := range []string{"", "none", "Admin", "owner"} {
		if got, err := ParseRole(name); got != RoleNone || !IsCode(err, CodeInvalid) {
			t.Errorf("%q is %v, %v", name, got, err)
		}
	}
	if RoleNone.String() != "" || Role(9).String() != "" {
		t.Error("a role without name has one")
	}
	if RoleNone >= RoleViewer || RoleViewer >= RoleDeveloper || RoleDeveloper >= RoleAdmin {
		t.Error("a larger role includes the smaller")
	}
}

func TestTheZeroActorIsNobody(t *testing.T) {
	if (Actor{Operator: true, System: true, Username: "x"}).Known() {
		t.Fatal("an actor without id is somebody")
	}
	if a := SystemActor("apply"); !a.Known() || !a.System || a.Via != "command" || a.Username != "apply" || a.Operator {
		t.Fatalf("the system is %+v", a)
	}
}

func TestPageRequest(t *testing.T) {
	for _, c := range []struct {
		name   string
		in     PageRequest
		want   PageRequest
		offset int
	}{
		{"zero", PageRequest{}, PageRequest{1, 20}, 0},
		{"negative", PageRequest{-3, -3}, PageRequest{1, 20}, 0},
		{"third", PageRequest{3, 10}, PageRequest{3, 10}, 20},
		{"size too large", PageRequest{2, 101}, PageRequest{2, 100}, 100},
		{"size at its bound", PageRequest{2, 100}, PageRequest{2, 100}, 100},
		{"page beyond counting", PageRequest{int(^uint(0) >> 1), 100}, PageRequest{maxPage, 100}, (maxPage - 1) * 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, c.in.Clamped()); diff != "" {
				t.Fatal(diff)
			}
			if got := c.in.Offset(); got != c.offset {
				t.Fatalf("offset %d, want %d", got, c.offset)
			}
		})
	}
}

func TestCredentialLive(t *testing.T) {
	c := Credential{ExpiresAt: now.Add(1)}
	if !c.Live(now) || c.Live(now.Add(1)) || (Credential{}).Live(now) {
		t.Fatal("a credential works until its end, not at it")
	}
	c.RevokedAt = at(time.Hour)
	if c.Live(now) {
		t.Fatal("a revoked credential works")
	}
}
