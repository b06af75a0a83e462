package models

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// keys are those of DESIGN.md section 4, in its order.
var keys = []string{
	"functions.view", "functions.operate", "functions.invoke",
	"database.view", "database.operate", "database.read", "database.write",
	"storage.view", "storage.operate", "storage.read", "storage.write",
	"users.view", "statistics.view", "settings.view",
}

func TestS5_ThePermissionsAreThoseOfTheDesign(t *testing.T) {
	if diff := cmp.Diff(keys, AllPermissions.Keys()); diff != "" {
		t.Fatal(diff)
	}
	Permissions()[0] = "changed"
	if Permissions()[0] != FunctionsView {
		t.Fatal("a caller changed the list for everybody")
	}
}

func TestS5_OperateImpliesView(t *testing.T) {
	implied := map[Permission]Permission{FunctionsOperate: FunctionsView, DatabaseOperate: DatabaseView, StorageOperate: StorageView}
	for _, p := range Permissions() {
		t.Run(string(p), func(t *testing.T) {
			want := []Permission{p}
			if view, ok := implied[p]; ok {
				want = []Permission{view, p}
			}
			if diff := cmp.Diff(want, NewPermissionSet(p).List()); diff != "" {
				t.Fatal(diff)
			}
			parsed, err := ParsePermissions([]string{string(p)})
			if err != nil || parsed != NewPermissionSet(p) {
				t.Fatalf("parsed %v, %v", parsed.Keys(), err)
			}
			if parsed.Len() != len(want) {
				t.Fatalf("length %d, want %d", parsed.Len(), len(want))
			}
		})
	}
}

func TestS5_InvokeIsGrantedWithoutModification(t *testing.T) {
	s := NewPermissionSet(FunctionsInvoke)
	if !s.Has(FunctionsInvoke) || s.Has(FunctionsOperate) || s.Has(FunctionsView) {
		t.Fatalf("invoke alone is %v", s.Keys())
	}
}

func TestS5_EverySetSurvivesItsKeys(t *testing.T) {
	for s := PermissionSet(0); s <= AllPermissions; s++ {
		set := NewPermissionSet(s.List()...)
		parsed, err := ParsePermissions(set.Keys())
		if err != nil || parsed != set || set&s != s || set.Len() != len(set.List()) {
			t.Fatalf("%b became %b and %b, %v", s, set, parsed, err)
		}
	}
}

func TestS5_Parse(t *testing.T) {
	for _, c := range []struct {
		name    string
		in      []string
		want    PermissionSet
		refused string
	}{
		{"nothing", nil, 0, ""},
		{"all", keys, AllPermissions, ""},
		{"spaces and repetition", []string{" storage.read ", "storage.read"}, NewPermissionSet(StorageRead), ""},
		{"unknown", []string{"storage.read", "storage.everything"}, 0, "storage.everything"},
		{"capitals", []string{"Storage.Read"}, 0, "Storage.Read"},
		{"empty key", []string{""}, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParsePermissions(c.in)
			if c.refused == "" && c.name != "empty key" {
				if err != nil || got != c.want {
					t.Fatalf("%v, %v", got.Keys(), err)
				}
				return
			}
			if !IsCode(err, CodeInvalid) || MsgOf(err).Args["permission"] != c.refused || got != 0 {
				t.Fatalf("%v, %v", got.Keys(), err)
			}
		})
	}
}

func TestAnUnknownPermissionIsInNoSet(t *testing.T) {
	for _, p := range []Permission{"", "functions", "functions.view ", "everything"} {
		if AllPermissions.Has(p) || NewPermissionSet(p) != 0 {
			t.Fatalf("%q is in a set", p)
		}
	}
}

func TestMessageKeysNameWhatIsShown(t *testing.T) {
	if got := StorageRead.MessageKey(); got != "permission.storage.read" {
		t.Errorf("the permission is shown as %q", got)
	}
	if got := RoleDeveloper.MessageKey(); got != "role.developer" {
		t.Errorf("the role is shown as %q", got)
	}
}

func TestPermissionsOfCodeAreThoseOfTheProtocols(t *testing.T) {
	byCode := map[Permission]bool{FunctionsInvoke: true, DatabaseRead: true, DatabaseWrite: true, StorageRead: true, StorageWrite: true}
	for _, p := range Permissions() {
		if p.ByCode() != byCode[p] {
			t.Errorf("%s: by code %t", p, p.ByCode())
		}
	}
}
