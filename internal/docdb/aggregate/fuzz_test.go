package aggregate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/ejson"
	"envshare/internal/docdb/query"
	"envshare/internal/docdb/update"
	"envshare/internal/docdb/value"
	"envshare/models"
)

// maker makes pipelines, updates and conditions that make sense most of the time.
type maker struct {
	*rand.Rand
	vars []string // that an expression can name where it stands
}

func (m *maker) of(list ...string) string { return list[m.IntN(len(list))] }

var paths = []string{"a", "b", "s", "n", "l", "o", "o.x", "o.y.z", "items", "items.k", "d", "none", "l.0", "nested", "_id"}

// operators are by what they give: n numbers, s texts, a arrays, o objects, d dates,
// b booleans; their arguments the same way, x for anything, by name behind an equals
// sign.
var operators = map[byte][]string{
	'n': strings.Fields(`$add:nn $add:nnn $subtract:nn $subtract:dd $multiply:nn $divide:nn $mod:nn $pow:nn $abs:n $ceil:n $floor:n $round:nn $trunc:nn $sqrt:n $log:nn $exp:n $cmp:xx
		$indexOfArray:axnn $size:a $sum:a $avg:nn $stdDevPop:a $strLenBytes:s $strLenCP:s $strcasecmp:ss $indexOfBytes:ssnn $indexOfCP:ssnn $toInt:x $toLong:x $toDouble:x $toDecimal:x
		$year:d $week:d $isoWeek:d $dayOfYear:d $max:a $min:nn $arrayElemAt:an`),
	's': strings.Fields(`$concat:sss $toLower:s $toUpper:x $substrBytes:snn $substrCP:snn $type:x $toString:x $trim:input=schars=s $replaceOne:input=sfind=sreplacement=s
		$replaceAll:input=sfind=sreplacement=s $dateToString:date=dformat=s`),
	'a': strings.Fields(`$objectToArray:o $concatArrays:aa $concatArrays:aaaa $range:nnn $range:nn $reverseArray:a $slice:an $slice:ann $setUnion:aa $setIntersection:aa $setDifference:aa
		$split:ss $zip:inputs=auseLongestLength=bdefaults=a $regexFindAll:input=sregex=s`),
	'o': strings.Fields(`$arrayToObject:a $mergeObjects:oo $mergeObjects:a $setField:field=sinput=ovalue=x $unsetField:field=sinput=o $regexFind:input=sregex=s $dateToParts:date=d $last:a`),
	'd': strings.Fields(`$toDate:x $dateFromString:dateString=sformat=sonError=d $dateAdd:startDate=dunit=samount=n $dateSubtract:startDate=dunit=samount=n $dateFromParts:year=nmonth=nday=n $add:dn $subtract:dn`),
	'b': strings.Fields(`$eq:xx $gt:xx $and:xx $or:xx $not:x $in:xa $isArray:x $allElementsTrue:a $anyElementTrue:a $setEquals:aa $setIsSubset:aa $toBool:x $regexMatch:input=sregex=s`),
}

var constants = map[byte][]string{
	'n': {"0", "1", "-1", "2", "3", "2.5", `{"$numberLong":"-9223372036854775808"}`, `{"$numberLong":"9223372036854775807"}`, "-2147483648", "2147483647", `{"$numberDouble":"NaN"}`,
		`{"$numberDouble":"-Infinity"}`, `{"$numberDecimal":"1E+6000"}`, `{"$numberDecimal":"NaN"}`, "1e300", "999999", "1000000", "1000"},
	's': {`""`, `"a"`, `"ab"`, `"中文"`, `"."`, `"day"`, `"hour"`, `"string"`, `"%Y-%m"`, `"(a|b)*"`, `"a{0,900}"`, `"x\u0000"`},
	'a': {"[]", `[1,"a"]`, `[["k",1],["k",2]]`, `[{"k":"x","v":1}]`, `[[1,2],[3]]`, `[["k\u0000",2]]`},
	'o': {"{}", `{"x":1}`},
	'd': {`{"$date":0}`, `{"$date":{"$numberLong":"9223372036854775807"}}`, `{"$date":{"$numberLong":"-9223372036854775808"}}`},
	'b': {"true", "false"},
	'z': {"null", `{"$minKey":1}`, `{"$maxKey":1}`, `{"$regularExpression":{"pattern":"","options":""}}`, `{"$oid":"000000000000000000000000"}`},
}

var fields = map[byte][]string{'n': {"n", "_id", "o.y.z"}, 's': {"s", "a"}, 'a': {"l", "items", "nested", "items.k"}, 'o': {"o", "items"}, 'd': {"d"}, 'b': {"n"}}

func (m *maker) constant() string {
	return m.of(constants["nsaodbz"[m.IntN(7)]]...)
}

func (m *maker) kind() byte { return "nsaodb"[m.IntN(6)] }

// expression makes one that should give a kind of value.
func (m *maker) expression(kind byte, depth int) string {
	if kind == 'x' || m.IntN(25) == 0 {
		kind = m.kind()
	}
	if depth > 4 || m.IntN(4) == 0 {
		switch {
		case m.IntN(12) == 0:
			return m.constant()
		case m.IntN(8) == 0:
			return fmt.Sprintf("%q", "$"+m.of(paths...))
		case m.IntN(3) == 0:
			return fmt.Sprintf("%q", "$$"+m.of(append([]string{"ROOT", "NOW", "REMOVE"}, m.vars...)...))
		case m.IntN(2) == 0:
			return m.of(constants[kind]...)
		}
		return fmt.Sprintf("%q", "$"+m.of(fields[kind]...))
	}
	if kind == 'a' && m.IntN(3) == 0 || m.IntN(12) == 0 {
		return m.loop(kind, depth)
	}
	name, arguments, _ := strings.Cut(m.of(operators[kind]...), ":")
	var parts []string
	if !strings.Contains(arguments, "=") {
		for i := range len(arguments) {
			parts = append(parts, m.expression(arguments[i], depth+1))
		}
		return fmt.Sprintf("{%q:[%s]}", name, strings.Join(parts, ","))
	}
	for arguments != "" {
		key, rest, _ := strings.Cut(arguments, "=")
		parts = append(parts, fmt.Sprintf("%q:%s", key, m.expression(rest[0], depth+1)))
		arguments = rest[1:]
	}
	return fmt.Sprintf("{%q:{%s}}", name, strings.Join(parts, ","))
}

// loop makes the expressions that evaluate others more than once, or not at all.
func (m *maker) loop(kind byte, depth int) string {
	arg := func(kind byte, vars ...string) string {
		before := m.vars
		m.vars = slices.Concat(before, vars)
		defer func() { m.vars = before }()
		return m.expression(kind, depth+1)
	}
	switch n := m.IntN(7); {
	case kind == 'a' && n < 2:
		return fmt.Sprintf(`{"$map":{"input":%s,"in":%s}}`, arg('a'), arg('x', "this"))
	case kind == 'a' && n == 2:
		return fmt.Sprintf(`{"$filter":{"input":%s,"cond":%s}}`, arg('a'), arg('b', "this"))
	case n == 3:
		return fmt.Sprintf(`{"$switch":{"branches":[{"case":%s,"then":%s}],"default":%s}}`, arg('b'), arg(kind), arg(kind))
	case n == 4:
		return fmt.Sprintf(`{"$let":{"vars":{"v":%s},"in":%s}}`, arg('x'), arg(kind, "v"))
	case n == 5:
		return fmt.Sprintf(`{"$ifNull":[%s,%s]}`, arg(kind), arg(kind))
	}
	return fmt.Sprintf(`{"$reduce":{"input":%s,"initialValue":%s,"in":%s}}`, arg('a'), arg(kind), arg(kind, "this", "value"))
}

func (m *maker) condition(depth int) string {
	if depth < 3 && m.IntN(4) == 0 {
		return fmt.Sprintf(`{%q:[%s,%s]}`, m.of("$and", "$or", "$nor"), m.condition(depth+1), m.condition(depth+1))
	}
	path := m.of(paths...)
	switch m.IntN(8) {
	case 0:
		return fmt.Sprintf(`{"$expr":%s}`, m.expression('x', 1))
	case 1:
		return fmt.Sprintf(`{%q:{"$elemMatch":%s}}`, path, m.condition(depth+1))
	case 2:
		return fmt.Sprintf(`{%q:{"$not":{%q:%s}}}`, path, m.of("$gt", "$in", "$size", "$mod"), m.constant())
	case 3:
		return fmt.Sprintf(`{%q:{"$mod":[%s,%s]}}`, path, m.constant(), m.constant())
	}
	return fmt.Sprintf(`{%q:{%q:%s}}`, path, m.of("$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$exists", "$size", "$type", "$all", "$regex", "$elemMatch", "$bitsAllSet", "$bitsAnyClear"), m.constant())
}

func (m *maker) stage(depth int) string {
	path := m.of(paths...)
	switch m.IntN(16) {
	case 0:
		return `{"$match":` + m.condition(0) + `}`
	case 1:
		return fmt.Sprintf(`{"$group":{"_id":%s,"x":{%q:%s}}}`, m.expression('x', 2), m.of("$sum", "$avg", "$push", "$addToSet", "$first", "$last", "$min", "$max", "$mergeObjects", "$stdDevPop"), m.expression('x', 2))
	case 2:
		return fmt.Sprintf(`{"$sort":{%q:%s}}`, path, m.of("1", "-1"))
	case 3:
		if m.IntN(3) > 0 {
			return m.of(`{"$limit":2}`, `{"$skip":1}`, `{"$count":"c"}`, `{"$sample":{"size":2}}`, `{"$unset":"s"}`, `{"$sortByCount":"$l"}`, `{"$unwind":"$l"}`, `{"$unwind":"$items"}`)
		}
		return fmt.Sprintf(`{%q:%s}`, m.of("$limit", "$skip", "$count", "$sample", "$unset", "$sortByCount", "$unwind", "$replaceWith"), m.constant())
	case 4:
		return fmt.Sprintf(`{"$unwind":{"path":%q,"includeArrayIndex":%s,"preserveNullAndEmptyArrays":true}}`, "$"+path, m.of(`"i"`, `"i"`, `"a.b"`, `"i\u0000"`))
	case 5:
		return fmt.Sprintf(`{"$bucketAuto":{"groupBy":%s,"buckets":%s}}`, m.expression('x', 2), m.of("1", "2", "1000000", "0"))
	case 6:
		return fmt.Sprintf(`{"$bucket":{"groupBy":%s,"boundaries":[0,2,%s],"default":%s}}`, m.expression('n', 2), m.of("5", `"x"`, "1"), m.constant())
	case 7:
		if depth < 2 {
			return fmt.Sprintf(`{"$lookup":{"from":"docs","let":{"v":%s},"pipeline":%s,"as":%q}}`, m.expression('x', 2), m.inside(depth, "v"), path)
		}
	case 8:
		return fmt.Sprintf(`{"$lookup":{"from":"docs","localField":%q,"foreignField":%s,"as":%s}}`, path, m.of(`"n"`, `"l"`, `"_id"`, `"o.y.z"`, `"x\u0000"`), m.of(`"j"`, `"k"`, `"o.x"`, `"x\u0000"`))
	case 9:
		if depth < 2 {
			return fmt.Sprintf(`{"$facet":{"x":%s,"y":%s}}`, m.pipeline(depth+1), m.pipeline(depth+1))
		}
	case 10:
		if depth < 2 {
			return fmt.Sprintf(`{"$unionWith":{"coll":"docs","pipeline":%s}}`, m.pipeline(depth+1))
		}
	case 11:
		return fmt.Sprintf(`{"$replaceWith":%s}`, m.expression('o', 1))
	case 12:
		if m.IntN(4) == 0 {
			return fmt.Sprintf(`{"$geoNear":{"near":{"type":"Point","coordinates":[0,%s]},"key":%s,"distanceField":%q}}`, m.of("0", "1", "91"), m.of(`"loc"`, `"x\u0000"`, `"o.loc"`), path)
		}
	}
	return fmt.Sprintf(`{%q:{%q:%s,"t":%s}}`, m.of("$project", "$addFields"), path, m.expression('x', 0), m.expression('x', 0))
}

func (m *maker) pipeline(depth int) string {
	parts := make([]string, 1+m.IntN(4))
	for i := range parts {
		parts[i] = m.stage(depth)
	}
	return "[" + strings.Join(parts, ",") + "]"
}

func (m *maker) inside(depth int, vars ...string) string {
	before := m.vars
	defer func() { m.vars = before }()
	m.vars = slices.Concat(before, vars)
	return m.pipeline(depth + 1)
}

func (m *maker) update() string {
	var parts []string
	for range 1 + m.IntN(2) {
		path := m.of("a", "b.c", "l.$", "l.$[]", "l.3", "items.$[].k", "items.$.k", "o.y", "o.y.z", "nested.$[].$[]", "new.x", "l.1499.x")
		switch m.IntN(5) {
		case 0:
			parts = append(parts, fmt.Sprintf(`"$push":{%q:{"$each":[%s,1],"$position":%s,"$slice":%s,"$sort":%s}}`, path, m.constant(), m.constant(), m.constant(), m.of("1", "-1", `{"k":1}`)))
		case 1:
			parts = append(parts, fmt.Sprintf(`"$bit":{%q:{%q:%s}}`, path, m.of("and", "or", "xor"), m.constant()))
		case 2:
			parts = append(parts, fmt.Sprintf(`"$rename":{%q:%q}`, path, m.of(paths...)))
		default:
			parts = append(parts, fmt.Sprintf(`%q:{%q:%s}`, m.of("$set", "$unset", "$inc", "$mul", "$min", "$max", "$push", "$addToSet", "$pop", "$pull", "$pullAll", "$currentDate", "$setOnInsert"), path, m.constant()))
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

var fuzzDocs = []string{
	`{"_id":1,"a":1,"b":{"c":[1,2]},"s":"hello aaaa","n":5,"l":[1,2,"x",null],"o":{"x":null,"y":{"z":2.5}},"items":[{"k":1,"v":2},{"k":3,"v":4}],"d":{"$date":86400000},"nested":[[1],[5,{"k":2}]],"loc":{"type":"Point","coordinates":[1,1]}}`,
	`{"_id":2,"a":[1,[2]],"b":null,"s":"中文","n":{"$numberLong":"-9223372036854775808"},"l":[],"o":[],"items":{},"d":null,"nested":[]}`,
	`{"_id":3,"a":"a","n":{"$numberDecimal":"-1E-6000"},"l":[[],{"k":"b","v":{}}],"s":""}`,
}

// bounded runs something that may fail, but in no other way, and in little time
// and memory.
func bounded(t *testing.T, what string, do func() error) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	err := do()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if bytes := after.TotalAlloc - before.TotalAlloc; took > 30*time.Second || bytes > 512<<20 {
		t.Errorf("%s took %s and %d MB: %v", what, took, bytes>>20, err)
	}
	if err != nil && models.CodeOf(err) == models.CodeInternal && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%s fails with the internal error %v", what, err)
	}
}

// FuzzBounded demands that nothing that a caller can send panics, makes malformed
// documents, or takes more time and memory than it may: neither a text nor what is
// made from a seed.
func FuzzBounded(f *testing.F) {
	f.Add(uint64(0), `{"p":[{"$project":{"x":{"$replaceAll":{"input":"$s","find":"a","replacement":"$s"}}}}]}`, fuzzDocs[0])
	f.Add(uint64(0), `{"p":[{"$group":{"_id":"$a","x":{"$push":"$$ROOT"}}}],"q":{"a":{"$gt":1}},"u":{"$set":{"l.$[]":1}}}`, fuzzDocs[0])
	for seed := range uint64(400) {
		f.Add(seed+1, "", "")
	}
	f.Fuzz(func(t *testing.T, seed uint64, text, document string) {
		docs := collections{doc(t, fuzzDocs[0]), doc(t, fuzzDocs[1]), doc(t, fuzzDocs[2])}
		if text == "" {
			m := &maker{Rand: rand.New(rand.NewPCG(seed, 1))}
			text = fmt.Sprintf(`{"p":%s,"q":%s,"u":%s}`, m.pipeline(0), m.condition(0), m.update())
		} else if own, err := ejson.DecodeDocument([]byte(document), time.Time{}, ejson.Limits{}); err == nil {
			docs = append(docs, own)
		}
		sent, err := ejson.DecodeDocument([]byte(text), time.Time{}, ejson.Limits{})
		if err != nil {
			return
		}
		if list, err := stagesOf(value.Get(sent, value.Path{"p"}), "$facet"); err == nil {
			bounded(t, text, func() error {
				return Run(t.Context(), docs, list, Options{Collection: "docs", MemoryBytes: 4 << 20, Steps: 50_000, Timeout: 500 * time.Millisecond}, func(out bson.Raw) error {
					if err := out.Validate(); err != nil {
						t.Errorf("%s gives the malformed %q: %v", text, []byte(out), err)
					}
					return nil
				})
			})
		}
		condition, _ := value.AsDocument(value.Get(sent, value.Path{"q"}))
		change, _ := value.AsDocument(value.Get(sent, value.Path{"u"}))
		bounded(t, text, func() error { return changes(t, text, docs, condition, change) })
	})
}

// changes carries an update out on the documents that match.
func changes(t *testing.T, text string, docs collections, condition, change bson.Raw) error {
	filter, err := query.Parse(condition)
	if err != nil {
		return err
	}
	filter = filter.Bounded(50_000)
	u, err := update.Parse(change, time.UnixMilli(0))
	if err != nil {
		return err
	}
	for _, one := range docs {
		at, ok, err := filter.MatchPositionsContext(t.Context(), one)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		out, _, err := u.Apply(one, at)
		if err != nil {
			return err
		}
		if err := out.Validate(); err != nil {
			t.Errorf("%s makes the malformed %q: %v", text, []byte(out), err)
		}
	}
	_, err = u.Create(filter)
	return err
}
