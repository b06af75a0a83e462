package ejson

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
	"envshare/models"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func TestForms(t *testing.T) {
	for _, c := range []struct{ name, in, response, canonical string }{
		{"int", `{"a":{"$numberInt":"7"}}`, `{"a":7}`, `{"a":7}`},
		{"bare int", `{"a":7}`, `{"a":7}`, `{"a":7}`},
		{"narrow long stays one", `{"a":{"$numberLong":"7"}}`, `{"a":7}`, `{"a":{"$numberLong":"7"}}`},
		{"long", `{"a":{"$numberLong":"3000000000"}}`, `{"a":3000000000}`, `{"a":3000000000}`},
		{"long beyond 2^53", `{"a":{"$numberLong":"9007199254740993"}}`, `{"a":{"$numberLong":"9007199254740993"}}`, `{"a":9007199254740993}`},
		{"long overflow is a double", `{"a":{"$numberLong":"9223372036854776000"}}`, `{"a":9223372036854776000}`, `{"a":9223372036854776000.0}`},
		{"double", `{"a":{"$numberDouble":"1.5"}}`, `{"a":1.5}`, `{"a":1.5}`},
		{"whole double keeps its point", `{"a":{"$numberDouble":"2"}}`, `{"a":2}`, `{"a":2.0}`},
		{"huge", `{"a":{"$numberDouble":"1e+300"}}`, `{"a":1e+300}`, `{"a":1e+300}`},
		{"negative zero", `{"a":-0.0}`, `{"a":-0}`, `{"a":-0.0}`},
		{"nan", `{"a":{"$numberDouble":"NaN"}}`, `{"a":{"$numberDouble":"NaN"}}`, `{"a":{"$numberDouble":"NaN"}}`},
		{"date", `{"a":{"$date":{"$numberLong":"1565314149491"}}}`, `{"a":{"$date":{"$numberLong":"1565314149491"}}}`, `{"a":{"$date":"2019-08-09T01:29:09.491Z"}}`},
		{"date before 1970", `{"a":{"$date":{"$numberLong":"-1"}}}`, `{"a":{"$date":{"$numberLong":"-1"}}}`, `{"a":{"$date":{"$numberLong":"-1"}}}`},
		{"date as text", `{"a":{"$date":"2019-08-09T01:29:09.491Z"}}`, `{"a":{"$date":{"$numberLong":"1565314149491"}}}`, `{"a":{"$date":"2019-08-09T01:29:09.491Z"}}`},
		{"date as number", `{"a":{"$date":0}}`, `{"a":{"$date":{"$numberLong":"0"}}}`, `{"a":{"$date":"1970-01-01T00:00:00.000Z"}}`},
		{"server date", `{"a":{"$tcb_server_date":{"offset":{"$numberInt":"-1000"}}}}`, `{"a":{"$date":{"$numberLong":"1767355199000"}}}`, `{"a":{"$date":"2026-01-02T11:59:59.000Z"}}`},
		{"object id", `{"a":{"$oid":"5d505646cf6d4fe581014ab2"}}`, `{"a":"5d505646cf6d4fe581014ab2"}`, `{"a":{"$oid":"5d505646cf6d4fe581014ab2"}}`},
		{"regex drops flags of JavaScript", `{"a":{"$regularExpression":{"pattern":"a/b","options":"giu"}}}`, `{"a":{"$regularExpression":{"pattern":"a/b","options":"i"}}}`, `{"a":{"$regularExpression":{"pattern":"a/b","options":"i"}}}`},
		{"binary", `{"a":{"$binary":{"base64":"AQI=","subType":"00"}}}`, `{"a":{"$binary":{"base64":"AQI=","subType":"00"}}}`, `{"a":{"$binary":{"base64":"AQI=","subType":"00"}}}`},
		{"decimal", `{"a":{"$numberDecimal":"1.50"}}`, `{"a":1.5}`, `{"a":{"$numberDecimal":"1.50"}}`},
		{"undefined is null", `{"a":{"$undefined":true}}`, `{"a":null}`, `{"a":null}`},
		{"conditions stay objects", `{"a":{"$gt":1,"$lt":{"$numberInt":"2"}}}`, `{"a":{"$gt":1,"$lt":2}}`, `{"a":{"$gt":1,"$lt":2}}`},
		{"key order is kept", `{"b":1,"a":[{"z":1,"y":[]}],"2":0}`, `{"b":1,"a":[{"z":1,"y":[]}],"2":0}`, `{"b":1,"a":[{"z":1,"y":[]}],"2":0}`},
		{"text is escaped", `{"a":"\"\\\n\u0001 中\u2028😀"}`, "{\"a\":\"\\\"\\\\\\n\\u0001 中\u2028😀\"}", "{\"a\":\"\\\"\\\\\\n\\u0001 中\u2028😀\"}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc, err := DecodeDocument([]byte(c.in), noon, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if got := string(AppendDocument(nil, doc)); got != c.response {
				t.Errorf("response %s, want %s", got, c.response)
			}
			canonical := AppendCanonical(nil, doc)
			if string(canonical) != c.canonical {
				t.Errorf("canonical %s, want %s", canonical, c.canonical)
			}
			again, err := DecodeDocument(canonical, noon, Limits{})
			if err != nil || !bytes.Equal(again, doc) {
				t.Errorf("again %v %x, want %x", err, again, doc)
			}
		})
	}
}

func TestBadTextIsRefused(t *testing.T) {
	for name, in := range map[string]string{
		"empty": ``, "array": `[]`, "number": `1`, "trailing": `{} {}`, "cut": `{"a":`, "duplicate": `{"a":1,"a":2}`,
		"late duplicate": `{"1":0,"2":0,"3":0,"4":0,"5":0,"6":0,"7":0,"8":0,"9":0,"a":0,"b":0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"a":0}`,
		"nul":            `{"a\u0000":1}`, "int too wide": `{"a":{"$numberInt":"3000000000"}}`, "int text": `{"a":{"$numberInt":"x"}}`,
		"long text": `{"a":{"$numberLong":"nan"}}`, "oid": `{"a":{"$oid":"1"}}`, "date": `{"a":{"$date":"yesterday"}}`,
		"binary": `{"a":{"$binary":{"base64":"?","subType":"00"}}}`, "regex": `{"a":{"$regularExpression":{"pattern":1}}}`,
		"server date": `{"a":{"$tcb_server_date":5}}`, "deep": strings.Repeat(`{"a":`, 101) + "1" + strings.Repeat("}", 101),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := DecodeDocument([]byte(in), noon, Limits{}); !models.IsCode(err, models.CodeInvalid) {
				t.Errorf("%v", err)
			}
		})
	}
	if _, err := DecodeDocument([]byte(`{"a":"`+strings.Repeat("x", 200)+`"}`), noon, Limits{Bytes: 100}); !models.IsCode(err, models.CodeInvalid) {
		t.Errorf("large: %v", err)
	}
}

func TestDecodeValue(t *testing.T) {
	for in, want := range map[string]bson.RawValue{
		`10`: value.Int32(10), `"$tags"`: value.String("$tags"), `{"$numberInt":"3"}`: value.Int32(3), `null`: value.Null(),
	} {
		got, err := DecodeValue([]byte(in), noon, Limits{})
		if err != nil || !got.Equal(want) {
			t.Errorf("%s: %v %v", in, got, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"a":{"$numberInt":"7"},"b":[{"$date":0},null,1.5,{"$oid":"5d505646cf6d4fe581014ab2"}]}`))
	f.Add([]byte(`{"a":{"$regularExpression":{"pattern":"x","options":"i"}},"b":{"$binary":{"base64":"AQI=","subType":"4"}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, err := DecodeDocument(text, noon, Limits{})
		if err != nil {
			return
		}
		if err := doc.Validate(); err != nil {
			t.Fatalf("invalid BSON from %q: %v", text, err)
		}
		AppendDocument(nil, doc)
		again, err := DecodeDocument(AppendCanonical(nil, doc), noon, Limits{Bytes: MaxBytes * 2})
		if err != nil || !bytes.Equal(again, doc) {
			t.Fatalf("%q became %s: %v", text, AppendCanonical(nil, doc), err)
		}
	})
}

func BenchmarkAppendDocument(b *testing.B) {
	doc, err := DecodeDocument([]byte(`{"_id":"todo-1","title":"write","done":false,"n":7,"tags":["a","b"],"at":{"$date":0}}`), noon, Limits{})
	if err != nil {
		b.Fatal(err)
	}
	var buf []byte
	for b.Loop() {
		buf = AppendDocument(buf[:0], doc)
	}
}
