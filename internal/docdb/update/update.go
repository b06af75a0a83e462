package update

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/query"
	"envshare/internal/docdb/value"
	"envshare/models"
)

// Update is a parsed update. It is immutable and safe for concurrent use.
type Update struct {
	ops         []operation
	replacement bson.Raw // the whole new document, instead of ops
}

// operation is one operator on one path.
type operation struct {
	name string
	path value.Path
	// change gets the member's value, missing when there is none, and returns the
	// new one. remove takes it out, keep leaves everything as it is.
	change func(old bson.RawValue) (v bson.RawValue, what action, err error)
	// creates makes the members on the way when they are missing.
	creates bool
	rename  value.Path
}

type action byte

const (
	put action = iota
	keep
	remove
)

// Parse reads a document of update operators. now is the instant of $currentDate.
// Unknown operators have the code operator, others that cannot be carried out
// write_refused.
func Parse(ops bson.Raw, now time.Time) (*Update, error) {
	u := &Update{}
	it := value.Iterate(ops)
	for it.Next() {
		name := string(it.Key())
		if !strings.HasPrefix(name, "$") {
			return nil, models.E(models.CodeOperator, "docdb.update_operators", "field", name)
		}
		fields, ok := value.AsDocument(it.Value())
		if !ok {
			return nil, models.E(models.CodeOperator, "docdb.operator_object", "operator", name)
		}
		inner := value.Iterate(fields)
		for inner.Next() {
			op, err := parseOperation(name, string(inner.Key()), inner.Value(), now)
			if err != nil {
				return nil, err
			}
			u.ops = append(u.ops, op)
		}
	}
	if it.Err() != nil {
		return nil, models.E(models.CodeInvalid, "docdb.malformed")
	}
	return u, u.checkConflicts()
}

// Replacement makes an update that puts a document in the place of the whole one;
// only the _id stays.
func Replacement(doc bson.Raw) (*Update, error) {
	it := value.Iterate(doc)
	for it.Next() {
		if len(it.Key()) > 0 && it.Key()[0] == '$' {
			return nil, refused("docdb.field_dollar", "field", string(it.Key()))
		}
	}
	return &Update{replacement: doc}, nil
}

// Paths returns the paths that the update may change; nil for all of them.
func (u *Update) Paths() []string {
	var out []string
	for _, op := range u.ops {
		out = append(out, op.path.String())
		if op.rename != nil {
			out = append(out, op.rename.String())
		}
	}
	return out
}

// checkConflicts refuses two operators on one path, or on a path and one below it.
func (u *Update) checkConflicts() error {
	paths := u.Paths()
	seen := make(map[string]bool, len(paths))
	for _, path := range paths {
		if path == "_id" || strings.HasPrefix(path, "_id.") {
			return refused("docdb.update_id")
		}
		if seen[path] {
			return refused("docdb.update_conflict", "field", path)
		}
		seen[path] = true
	}
	for _, path := range paths {
		for i := range len(path) {
			if path[i] == '.' && seen[path[:i]] {
				return refused("docdb.update_conflict", "field", path)
			}
		}
	}
	return nil
}

// Apply carries the update out on a document. position is the index that the
// operator $ stands for, -1 for none. changed is false when nothing differs;
// out is then doc. The _id and the order of fields stay.
func (u *Update) Apply(doc bson.Raw, position int) (out bson.Raw, changed bool, err error) {
	return u.apply(doc, position, false)
}

// Create makes the document that an upsert adds when nothing matched: what the
// condition pins by equality, changed by the update.
func (u *Update) Create(filter *query.Filter) (bson.Raw, error) {
	root := &tree{}
	room := MaxBytes
	for _, e := range filter.Equalities() {
		if u.replacement != nil && (len(e.Path) > 1 || e.Path[0] != "_id") {
			continue
		}
		set := operation{name: "$set", path: e.Path, creates: true, change: func(bson.RawValue) (bson.RawValue, action, error) { return e.Value, put, nil }}
		if err := set.run(root, e.Path, &applying{position: -1, room: &room}); err != nil {
			return nil, err
		}
	}
	out, _, err := u.apply(root.append(nil), -1, true)
	return out, err
}

func (u *Update) apply(doc bson.Raw, position int, inserting bool) (bson.Raw, bool, error) {
	root, err := takeApart(doc, false)
	if err != nil {
		return nil, false, err
	}
	if u.replacement != nil {
		err = replace(root, u.replacement)
	}
	room := MaxBytes
	for _, op := range u.ops {
		if err != nil {
			break
		}
		if op.name == "$setOnInsert" && !inserting {
			continue
		}
		err = op.run(root, op.path, &applying{position: position, room: &room})
	}
	if err == nil && root.size(0) > MaxBytes {
		err = refused("docdb.document_large", "mb", MaxBytes>>20)
	}
	if err != nil {
		return nil, false, err
	}
	out := bson.Raw(root.append(make([]byte, 0, len(doc)+64)))
	if bytes.Equal(out, doc) {
		return doc, false, nil
	}
	return out, true, CheckDocument(out)
}

// replace puts the members of a document in the place of all but the _id.
func replace(root *tree, doc bson.Raw) error {
	with, err := takeApart(doc, false)
	if err != nil {
		return err
	}
	id := root.find("_id")
	given := with.find("_id")
	switch {
	case id >= 0 && given >= 0 && !value.Equal(root.get(id), with.get(given)):
		return refused("docdb.update_id")
	case id >= 0 && given >= 0:
		with.fields[given] = root.fields[id]
	case id >= 0:
		with.fields = append([]field{root.fields[id]}, with.fields...)
	}
	root.fields = with.fields
	return nil
}

// applying is an update at work. room is how many bytes its operators may still
// make: what they make becomes a part of the document, which has a limit.
type applying struct {
	position int // what the operator $ stands for, -1 for none
	room     *int
}

func (a *applying) make(bytes int) error {
	if *a.room -= bytes; *a.room < 0 {
		return refused("docdb.document_large", "mb", MaxBytes>>20)
	}
	return nil
}

// run follows the path and changes what it reaches.
func (op *operation) run(at *tree, path value.Path, a *applying) error {
	if op.rename != nil {
		return op.runRename(at, a)
	}
	segment := path[0]
	switch segment {
	case "$":
		if a.position < 0 {
			return refused("docdb.update_position", "field", op.path.String())
		}
		segment = strconv.Itoa(a.position)
	case "$[]":
		return op.runAll(at, path, a)
	}
	if strings.HasPrefix(segment, "$[") {
		return models.E(models.CodeOperator, "docdb.operator_unknown", "operator", segment)
	}
	i := at.find(segment)
	if len(path) == 1 {
		return op.changeMember(at, i, segment, a)
	}
	if i < 0 {
		if !op.creates {
			return nil
		}
		var err error
		if i, err = at.add(segment); err != nil {
			return err
		}
		at.fields[i].below = &tree{}
	}
	below, ok, err := at.open(i)
	if err != nil {
		return err
	}
	if !ok {
		if !op.creates {
			return nil
		}
		return refused("docdb.update_through", "field", op.path.String(), "at", segment)
	}
	return op.run(below, path[1:], a)
}

// runAll changes every element of an array.
func (op *operation) runAll(at *tree, path value.Path, a *applying) error {
	if !at.array {
		return refused("docdb.update_not_array", "field", op.path.String())
	}
	for i := range at.fields {
		if err := op.run(at, append(value.Path{strconv.Itoa(i)}, path[1:]...), a); err != nil {
			return err
		}
	}
	return nil
}

func (op *operation) changeMember(at *tree, i int, segment string, a *applying) error {
	old := bson.RawValue{}
	if i >= 0 {
		old = at.get(i)
	}
	v, what, err := op.change(old)
	if err == nil && what == put {
		err = a.make(len(v.Value))
	}
	switch {
	case err != nil:
		return err
	case what == keep, what == remove && i < 0:
		return nil
	case what == remove:
		at.remove(i)
		return nil
	case i < 0:
		if i, err = at.add(segment); err != nil {
			return err
		}
	}
	at.set(i, v)
	return nil
}

// runRename moves a member; neither path may lead through an array.
func (op *operation) runRename(root *tree, a *applying) error {
	from, last := root, len(op.path)-1
	for n, segment := range op.path {
		if from.array {
			return refused("docdb.update_rename_array", "field", op.path.String())
		}
		i := from.find(segment)
		if i < 0 {
			return nil
		}
		if n < last {
			below, ok, err := from.open(i)
			if err != nil || !ok {
				return err
			}
			from = below
			continue
		}
		if err := root.plain(op.rename); err != nil {
			return err
		}
		v := from.get(i)
		from.remove(i)
		to := operation{name: op.name, path: op.rename, creates: true, change: func(bson.RawValue) (bson.RawValue, action, error) { return v, put, nil }}
		return to.run(root, op.rename, a)
	}
	return nil
}
