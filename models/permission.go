package models

import (
	"math/bits"
	"strings"
)

// Permission is one key of DESIGN.md section 4, such as "functions.invoke".
type Permission string

// MessageKey is the catalogue key of the permission's name for people.
func (p Permission) MessageKey() string { return "permission." + string(p) }

// The permissions, in the order in which they are shown.
const (
	FunctionsView    Permission = "functions.view"
	FunctionsOperate Permission = "functions.operate"
	FunctionsInvoke  Permission = "functions.invoke"
	DatabaseView     Permission = "database.view"
	DatabaseOperate  Permission = "database.operate"
	DatabaseRead     Permission = "database.read"
	DatabaseWrite    Permission = "database.write"
	StorageView      Permission = "storage.view"
	StorageOperate   Permission = "storage.operate"
	StorageRead      Permission = "storage.read"
	StorageWrite     Permission = "storage.write"
	UsersView        Permission = "users.view"
	StatisticsView   Permission = "statistics.view"
	SettingsView     Permission = "settings.view"
)

var permissions = [...]Permission{
	FunctionsView, FunctionsOperate, FunctionsInvoke,
	DatabaseView, DatabaseOperate, DatabaseRead, DatabaseWrite,
	StorageView, StorageOperate, StorageRead, StorageWrite,
	UsersView, StatisticsView, SettingsView,
}

// Permissions returns all permissions in the order in which they are shown.
func Permissions() []Permission { return append([]Permission(nil), permissions[:]...) }

// ByCode reports whether p counts for calls of code, through a client or a server
// SDK; all others count in the console.
func (p Permission) ByCode() bool {
	switch p {
	case FunctionsInvoke, DatabaseRead, DatabaseWrite, StorageRead, StorageWrite:
		return true
	}
	return false
}

func bitOf(p Permission) PermissionSet {
	for i, q := range permissions {
		if p == q {
			return 1 << i
		}
	}
	return 0
}

// PermissionSet is a set of permissions in memory. It is stored as keys, never
// as this number: the order of bits may change between versions.
type PermissionSet uint32

// AllPermissions is what a new grant holds unless something was unticked.
const AllPermissions PermissionSet = 1<<len(permissions) - 1

// NewPermissionSet makes a set that is closed under "operate implies view".
func NewPermissionSet(ps ...Permission) PermissionSet {
	var s PermissionSet
	for _, p := range ps {
		s |= bitOf(p)
	}
	return s.closed()
}

// ParsePermissions makes a set from keys. An unknown key is an invalid error
// that names it.
func ParsePermissions(keys []string) (PermissionSet, error) {
	var s PermissionSet
	for _, k := range keys {
		b := bitOf(Permission(strings.TrimSpace(k)))
		if b == 0 {
			return 0, E(CodeInvalid, "error.permission_unknown", "permission", k)
		}
		s |= b
	}
	return s.closed(), nil
}

// closed adds what is implied: operate implies view (S5).
func (s PermissionSet) closed() PermissionSet {
	for _, pair := range [...][2]Permission{{FunctionsOperate, FunctionsView}, {DatabaseOperate, DatabaseView}, {StorageOperate, StorageView}} {
		if s.Has(pair[0]) {
			s |= bitOf(pair[1])
		}
	}
	return s
}

// Has reports whether p is in the set. An unknown permission never is.
func (s PermissionSet) Has(p Permission) bool {
	b := bitOf(p)
	return b != 0 && s&b == b
}

// Len returns the number of permissions in the set.
func (s PermissionSet) Len() int { return bits.OnesCount32(uint32(s)) }

// List returns the permissions of the set in the order in which they are shown.
func (s PermissionSet) List() []Permission {
	out := make([]Permission, 0, s.Len())
	for i, p := range permissions {
		if s&(1<<i) != 0 {
			out = append(out, p)
		}
	}
	return out
}

// Keys returns the keys of the set in the order in which they are shown.
func (s PermissionSet) Keys() []string {
	out := make([]string, 0, s.Len())
	for _, p := range s.List() {
		out = append(out, string(p))
	}
	return out
}
