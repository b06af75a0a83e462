package rules

import "slices"

// SameTree reports whether two rules are the same but for where their parts stand.
func SameTree(a, b *Rule) bool { return same(a.root, b.root) }

func same(a, b *node) bool {
	return a.kind == b.kind && a.op == b.op && a.root == b.root && a.doc == b.doc && slices.Equal(a.path, b.path) && slices.Equal(a.texts, b.texts) &&
		a.value.Type == b.value.Type && string(a.value.Value) == string(b.value.Value) && slices.EqualFunc(a.kids, b.kids, same)
}
