package shell

import (
	"strings"
	"testing"
	"time"

	"envshare/internal/docdb/ejson"
	"envshare/models"
)

var now = time.UnixMilli(1_700_000_000_000)

func TestConditionsAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]string{
		``:                            ``,
		`{}`:                          `{}`,
		`{"a": 1, "b": {"$gt": -2}}`:  `{"a":1,"b":{"$gt":-2}}`,
		`{a: 1, 'b.c': "x", 3: true}`: `{"a":1,"b.c":"x","3":true}`,
		"{a: `plain`, n: null}":       `{"a":"plain","n":null}`,
		`{big: 9007199254740993, f: 1.5, e: 1e3}`: `{"big":9007199254740993,"f":1.5,"e":1000}`,
		`{a: _.gt(1)}`:                                                    `{"a":{"$gt":1}}`,
		`{a: db.command.neq('x')}`:                                        `{"a":{"$ne":"x"}}`,
		`{a: _.in([1, 2]), b: _.exists(false)}`:                           `{"a":{"$in":[1,2]},"b":{"$exists":false}}`,
		`{a: _.gt(1).and(_.lt(5))}`:                                       `{"$and":[{"a":{"$gt":1}},{"a":{"$lt":5}}]}`,
		`{a: _.or(_.lt(1), _.gt(5)), b: 2}`:                               `{"$or":[{"a":{"$lt":1}},{"a":{"$gt":5}}],"b":2}`,
		`{a: _.or(1, 2), b: _.or(3, 4)}`:                                  `{"$and":[{"$or":[{"a":1},{"a":2}]},{"$or":[{"b":3},{"b":4}]}]}`,
		`_.or([{a: 1}, {b: _.gte(2)}])`:                                   `{"$or":[{"a":1},{"b":{"$gte":2}}]}`,
		`_.and([{a: 1}, _.or([{b: 1}, {c: 2}])])`:                         `{"$and":[{"a":1},{"$or":[{"b":1},{"c":2}]}]}`,
		`{a: _.not(_.gt(3))}`:                                             `{"a":{"$not":{"$gt":3}}}`,
		`{a: _.not(_.gt(3).or(_.lt(1)))}`:                                 `{"$nor":[{"$or":[{"a":{"$gt":3}},{"a":{"$lt":1}}]}]}`,
		`{a: _.mod(4, 1), b: _.size(2), c: _.all(['x'])}`:                 `{"a":{"$mod":[4,1]},"b":{"$size":2},"c":{"$all":["x"]}}`,
		`{a: _.elemMatch({x: _.gt(1)})}`:                                  `{"a":{"$elemMatch":{"x":{"$gt":1}}}}`,
		`{a: _.elemMatch(_.gt(1))}`:                                       `{"a":{"$elemMatch":{"$gt":1}}}`,
		`{a: /tea/i}`:                                                     `{"a":{"$regularExpression":{"pattern":"tea","options":"i"}}}`,
		`{a: db.RegExp({regexp: 'tea', options: 'i'})}`:                   `{"a":{"$regularExpression":{"pattern":"tea","options":"i"}}}`,
		`{at: _.lt(new Date('2026-01-01'))}`:                              `{"at":{"$lt":{"$date":{"$numberLong":"1767225600000"}}}}`,
		`{at: new Date(5), now: new Date()}`:                              `{"at":{"$date":{"$numberLong":"5"}},"now":{"$date":{"$numberLong":"1700000000000"}}}`,
		`{_id: ObjectId("0123456789abcdef01234567")}`:                     `{"_id":{"$oid":"0123456789abcdef01234567"}}`,
		`{n: NumberLong(5)}`:                                              `{"n":{"$numberLong":"5"}}`,
		`{p: _.geoNear({geometry: db.Geo.Point(1, -2), maxDistance: 5})}`: `{"p":{"$nearSphere":{"$geometry":{"type":"Point","coordinates":[1,-2]},"$maxDistance":5}}}`,
		`{price: -1}`:                                                     `{"price":-1}`,
		"{\n  // the expensive ones\n  price: _.gt(50), // yuan\n}":       `{"price":{"$gt":50}}`,
	} {
		got, err := JSON(text, now)
		if err != nil || got != want {
			t.Errorf("%s\n got %s (%v)\nwant %s", text, got, err, want)
			continue
		}
		if got == "" {
			continue
		}
		if _, err := ejson.DecodeDocument([]byte(got), now, ejson.Limits{}); err != nil {
			t.Errorf("%s is no extended JSON: %v", got, err)
		}
	}
}

func TestWhatIsNoConditionIsRefusedWithItsPlace(t *testing.T) {
	for text, want := range map[string]struct {
		key          string
		line, column int
	}{
		`{a: }`:                  {"shell.syntax", 1, 5},
		"{a: 1,\n b: _.gt(}":     {"shell.syntax", 2, 10},
		`{a: 1}, {b: 2}`:         {"shell.unknown", 1, 1},
		`{a: 1}); process.exit(`: {"shell.one", 1, 1},
		`5`:                      {"shell.top", 1, 1},
		`[1]`:                    {"shell.top", 1, 1},
		`_.gt(1)`:                {"shell.top", 1, 1},
		`{a: _.bogus(1)}`:        {"shell.command", 1, 5},
		`{a: _.gt()}`:            {"shell.arguments", 1, 5},
		`{a: require('fs')}`:     {"shell.unknown", 1, 5},
		`{a: (() => 1)()}`:       {"shell.unknown", 1, 6},
		`{a: x}`:                 {"shell.unknown", 1, 5},
		`{a: 1 + 2}`:             {"shell.unknown", 1, 5},
		`{a: !1}`:                {"shell.unknown", 1, 5},
		`{...x}`:                 {"shell.unknown", 1, 5},
		`{[x]: 1}`:               {"shell.unknown", 1, 3},
		`{get a() { return 1 }}`: {"shell.unknown", 1, 6},
		"{a: `${x}`}":            {"shell.unknown", 1, 5},
		`{a: new Date('soon')}`:  {"shell.arguments", 1, 5},
		`{a: ` + strings.Repeat("[", 150) + strings.Repeat("]", 150) + `}`: {"shell.deep", 1, 105},
		strings.Repeat("(", 20_000):                                        {"shell.long", 0, 0},
	} {
		got, err := JSON(text, now)
		msg := models.MsgOf(err)
		if !models.IsCode(err, models.CodeInvalid) || msg.Key != want.key {
			t.Errorf("%.60s: %q, %v, want %s", text, got, err, want.key)
			continue
		}
		if want.line != 0 && (msg.Args["line"] != want.line || msg.Args["column"] != want.column) {
			t.Errorf("%.60s: at %v:%v, want %d:%d", text, msg.Args["line"], msg.Args["column"], want.line, want.column)
		}
	}
}

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`{a: _.gt(1).and(_.lt(5))}`, `_.or([{a: /x/i}, {b: new Date('2026-01-01')}])`, `{"a":{"$in":[1,null]}}`, `{p: db.Geo.Point(1,2)}`, strings.Repeat("[", 5000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := JSON(text, now)
		if err != nil {
			if !models.IsCode(err, models.CodeInvalid) {
				t.Fatal(err)
			}
			return
		}
		if got == "" {
			return
		}
		// What a condition means beyond its JSON is the engine's to refuse.
		if _, err := ejson.DecodeDocument([]byte(got), now, ejson.Limits{}); err != nil && !models.IsCode(err, models.CodeInvalid) {
			t.Fatal(err)
		}
	})
}
