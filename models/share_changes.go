package models

import (
	"slices"
	"strings"
	"time"
)

// GrantChange is what two states of a share differ in on one environment.
type GrantChange struct {
	EnvironmentID  string
	Added, Removed PermissionSet
	// Joined and Left say that the environment is in one of the states alone.
	Joined, Left bool
}

// ShareChanges is what two states of a share differ in.
type ShareChanges struct {
	Grants                 []GrantChange // by environment
	UntilBefore, Until     *time.Time
	NoteBefore, Note       string
	UntilChanged, NoteDiff bool
	Paused, Resumed        bool
}

// None reports whether the two states are the same.
func (c ShareChanges) None() bool {
	return len(c.Grants) == 0 && !c.UntilChanged && !c.NoteDiff && !c.Paused && !c.Resumed
}

// ChangesOf compares two states of a share. The zero Share stands for none.
func ChangesOf(before, after Share) ShareChanges {
	c := ShareChanges{
		UntilBefore: before.Until, Until: after.Until, UntilChanged: !sameTime(before.Until, after.Until),
		NoteBefore: before.Note, Note: after.Note, NoteDiff: before.Note != after.Note,
		Paused: before.PausedAt == nil && after.PausedAt != nil, Resumed: before.PausedAt != nil && after.PausedAt == nil,
	}
	for _, g := range after.Grants {
		old, had := before.Grant(g.EnvironmentID)
		if had && old.Permissions == g.Permissions {
			continue
		}
		c.Grants = append(c.Grants, GrantChange{
			EnvironmentID: g.EnvironmentID, Joined: !had,
			Added: g.Permissions &^ old.Permissions, Removed: old.Permissions &^ g.Permissions,
		})
	}
	for _, g := range before.Grants {
		if _, has := after.Grant(g.EnvironmentID); !has {
			c.Grants = append(c.Grants, GrantChange{EnvironmentID: g.EnvironmentID, Left: true, Removed: g.Permissions})
		}
	}
	slices.SortFunc(c.Grants, func(a, b GrantChange) int { return strings.Compare(a.EnvironmentID, b.EnvironmentID) })
	return c
}

func sameTime(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}
