package expr

import (
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/ejson"
	"envshare/internal/docdb/regex"
	"envshare/internal/docdb/value"
	"envshare/models"
)

// pattern reads the arguments of the operators with regular expressions; ok is
// false when there is nothing to search, or nothing to search for.
func pattern(s *Scope, name string, a []bson.RawValue) (text string, compiled *regex.Pattern, ok bool, err error) {
	if nullish(a[0]) || nullish(a[1]) {
		return "", nil, false, nil
	}
	text, ok = textOf(a[0])
	source, isText := textOf(a[1])
	options, _ := textOf(a[2])
	if a[1].Type == bson.TypeRegex {
		var own string
		source, own, isText = ejson.RegexOf(a[1])
		options += own
	}
	if !ok || !isText {
		return "", nil, false, wrong(name)
	}
	compiled, err = s.Budget.compiled(source, options)
	if err == nil {
		err = s.Budget.Spend(compiled.Steps(len(text)))
	}
	return text, compiled, true, err
}

// maxCompiled bounds the expressions that a budget remembers.
const maxCompiled = 64

// compiled remembers regular expressions: the same ones are used document after
// document.
func (b *Budget) compiled(source, options string) (*regex.Pattern, error) {
	key := options + "/" + source
	if p := b.patterns[key]; p != nil {
		return p, nil
	}
	p, err := regex.Compile(source, options)
	if err != nil {
		return nil, err
	}
	if b.patterns == nil || len(b.patterns) >= maxCompiled {
		b.patterns = map[string]*regex.Pattern{}
	}
	b.patterns[key] = p
	return p, b.Spend(regex.CompileSteps * p.Size())
}

func regexMatch(s *Scope, name string, a []bson.RawValue) (bson.RawValue, error) {
	text, compiled, ok, err := pattern(s, name, a)
	if err != nil || !ok {
		return value.Bool(false), err
	}
	found, err := compiled.Match([]byte(text), s.Budget.Alive)
	return value.Bool(found), err
}

func regexFind(s *Scope, name string, a []bson.RawValue) (bson.RawValue, error) {
	text, compiled, ok, err := pattern(s, name, a)
	if err != nil || !ok {
		return value.Null(), err
	}
	at, err := compiled.Find(text, s.Budget.Alive)
	if err != nil || at == nil {
		return value.Null(), err
	}
	return sized(described(text, at, utf8.RuneCountInString(text[:at[0]])))
}

// regexFindAll looks for no more matches than there is room for.
func regexFindAll(s *Scope, name string, a []bson.RawValue) (bson.RawValue, error) {
	text, compiled, ok, err := pattern(s, name, a)
	if err != nil || !ok {
		return value.Array(newList().value().Value), err
	}
	each := 64 + 40*(1+compiled.NumSubexp())
	most := min(*s.Budget.bytes/2, 4*maxValue)/int64(each) + 1
	all := compiled.FindAllStringSubmatchIndex(text, int(most))
	if int64(len(all)) == most {
		return bson.RawValue{}, models.E(models.CodeResultTooLarge, "docdb.expr_large", "mb", maxValue>>20)
	}
	if err := s.Budget.Hold(each * len(all)); err != nil {
		return bson.RawValue{}, err
	}
	out := newList()
	characters, counted := 0, 0
	for _, at := range all {
		characters += utf8.RuneCountInString(text[counted:at[0]])
		counted = at[0]
		v := described(text, at, characters)
		if err := s.room(*s.Budget.bytes, len(out.buf), 0, v); err != nil {
			return v, err
		}
		out.add(v)
	}
	return sized(out.value())
}

// described is a match as MongoDB describes it; idx counts characters.
func described(text string, at []int, idx int) bson.RawValue {
	captures := newList()
	for i := 2; i < len(at); i += 2 {
		if at[i] < 0 {
			captures.add(value.Null())
			continue
		}
		captures.add(value.String(text[at[i]:at[i+1]]))
	}
	return objectOf([]member{{"match", value.String(text[at[0]:at[1]])}, {"idx", value.Int32(int32(idx))}, {"captures", captures.value()}})
}
