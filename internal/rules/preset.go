package rules

import (
	"envshare/internal/docdb/value"
	"envshare/models"
)

// FromPreset returns the rules that a preset is, for a collection (Database) or
// the bucket (Storage). They allow nothing to a caller who has not signed in, not
// even what they allow to everybody. False for what is no preset.
func FromPreset(kind Kind, preset models.Preset) (*Set, bool) {
	var read, write *Rule
	switch preset {
	case models.PresetCreator:
		read, write = creator(kind), creator(kind)
	case models.PresetAllRead:
		read, write = Always(true), creator(kind)
	case models.PresetAllReadAdmin:
		read, write = Always(true), Always(false)
	case models.PresetAdmin:
		read, write = Always(false), Always(false)
	default:
		return nil, false
	}
	read.preset, write.preset = true, true
	return &Set{kind: kind, preset: preset, rules: map[Operation]*Rule{Read: read, Write: write}}, true
}

// creator is the rule that lets in who made the document or uploaded the file.
func creator(kind Kind) *Rule {
	owner := &node{kind: kindRef, root: "doc", path: value.Path{"_openid"}, doc: true}
	if kind == Storage {
		owner = &node{kind: kindRef, root: "resource", path: value.Path{"openid"}}
	}
	caller := &node{kind: kindRef, root: "auth", path: value.Path{"openid"}}
	root := &node{kind: kindCompare, op: opEqual, kids: []*node{owner, caller}, doc: owner.doc}
	return &Rule{root: root.keepText()}
}

// ForAccess returns the rules of a stored access rule: those of its preset, or the
// custom ones that are parsed.
func ForAccess(r models.AccessRule) (*Set, error) {
	kind := Database
	if r.Kind == models.RuleBucket {
		kind = Storage
	}
	if set, ok := FromPreset(kind, r.Preset); ok {
		return set, nil
	}
	return ParseSet(kind, r.Rules)
}
