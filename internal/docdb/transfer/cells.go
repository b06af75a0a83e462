package transfer

import (
	"regexp"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/ejson"
	"envshare/internal/docdb/value"
)

// cell reads a value. Quotes around a text keep it a text: "5" in a cell that
// itself holds the quotes is no number.
func (r *Reader) cell(text string) bson.RawValue {
	switch text[0] {
	case '{', '[', '"', 't', 'f', 'n', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if len(text) > 1 && text[0] == '0' && text[1] != '.' {
			break // a code such as 0123 is no number
		}
		if v, err := ejson.DecodeValue([]byte(text), r.now, ejson.Limits{}); err == nil {
			return v
		}
	}
	return value.String(text)
}

// branch is an object that is put together from dotted names.
type branch struct {
	order []string
	kids  map[string]*branch
	v     bson.RawValue
}

func (b *branch) set(path value.Path, v bson.RawValue) {
	for _, segment := range path {
		if b.kids == nil {
			b.kids = map[string]*branch{}
		}
		next := b.kids[segment]
		if next == nil {
			next = &branch{}
			b.kids[segment] = next
			b.order = append(b.order, segment)
		}
		b = next
	}
	b.v = v
}

func (b *branch) document() bson.Raw {
	var dst []byte
	for _, name := range b.order {
		v := b.kids[name].v
		if b.kids[name].kids != nil {
			v = value.Document(b.kids[name].document())
		}
		dst = append(bsoncore.AppendHeader(dst, bsoncore.Type(v.Type), name), v.Value...)
	}
	return bsoncore.BuildDocument(nil, dst)
}

// cellText is how a value stands in a cell, so that reading it gives it back.
func cellText(v bson.RawValue) string {
	if v.Type == 0 {
		return ""
	}
	if text, ok := value.Text(v); ok && v.Type == bson.TypeString {
		if s := string(text); s != "" && !readsDifferently(s) {
			return s
		}
	}
	return string(ejson.AppendCanonicalValue(nil, v))
}

// readsDifferently reports whether a text would be read as another type, or
// would be run as a formula by a spreadsheet; it is then quoted.
func readsDifferently(s string) bool {
	if formula.MatchString(s) {
		return true
	}
	if strings.IndexByte("{[\"tfn0123456789", s[0]) < 0 {
		return false
	}
	r := &Reader{}
	v := r.cell(s)
	text, isText := value.Text(v)
	return !isText || string(text) != s
}

// formula finds what a spreadsheet would run: at the beginning of a cell, and where
// one may begin for a reader that takes something else than the comma for the
// separator. The wide characters count where people write Chinese.
var formula = regexp.MustCompile("^[=+\\-@\t\r\n＝＋－＠]|[;|\t\r\n] *[=+\\-@＝＋－＠]")

// headText is how a field's name stands in the first row: an apostrophe before one
// that would be a formula, and before one that looks like such a name already.
func headText(name string) string {
	if formula.MatchString(strings.TrimLeft(name, "'")) {
		return "'" + name
	}
	return name
}

// headName is the name that headText wrote.
func headName(text string) string {
	if name, ok := strings.CutPrefix(text, "'"); ok && formula.MatchString(strings.TrimLeft(name, "'")) {
		return name
	}
	return text
}
