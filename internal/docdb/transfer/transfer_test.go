package transfer

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/ejson"
	"envshare/models"
)

func decode(t *testing.T, text string) bson.Raw {
	t.Helper()
	doc, err := ejson.DecodeDocument([]byte(text), time.Time{}, ejson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func readAll(t *testing.T, text string, f Format) (docs []string, bad []int) {
	t.Helper()
	r := NewReader(strings.NewReader(text), f, time.Time{})
	for {
		doc, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return docs, bad
		case models.IsCode(err, models.CodeInvalid):
			bad = append(bad, r.Line())
			continue
		case err != nil:
			t.Fatal(err)
		}
		docs = append(docs, string(ejson.AppendCanonical(nil, doc)))
	}
}

func TestJSONLines(t *testing.T) {
	docs, bad := readAll(t, "\ufeff{\"a\":1}\r\n\n{\"b\":\n{\"c\":{\"$date\":0}}", JSON)
	if diff := cmp.Diff([]string{`{"a":1}`, `{"c":{"$date":"1970-01-01T00:00:00.000Z"}}`}, docs); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{3}, bad); diff != "" {
		t.Error(diff)
	}
}

func TestCSV(t *testing.T) {
	docs, bad := readAll(t, "_id,name.first,n,tags,code\n1,\"a,b\",1.5,\"[1,\"\"x\"\"]\",007\n2,,true\n3,,,,\"\"\"5\"\"\"\n", CSV)
	want := []string{`{"_id":1,"name":{"first":"a,b"},"n":1.5,"tags":[1,"x"],"code":"007"}`, `{"_id":3,"code":"5"}`}
	if diff := cmp.Diff(want, docs); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{3}, bad); diff != "" {
		t.Error(diff)
	}
}

func TestCSVHeadIsChecked(t *testing.T) {
	for name, text := range map[string]string{"twice": "a,a\n1,2", "inside": "a,a.b\n1,2", "around": "a.b,a\n1,2", "empty": ",b\n1,2"} {
		r := NewReader(strings.NewReader(text), CSV, time.Time{})
		if _, err := r.Next(); !models.IsCode(err, models.CodeInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	list := []string{
		`{"_id":"a","n":1,"f":1.0,"l":{"$numberLong":"7"},"s":"5","t":"true","e":"","x":"=cmd()","m":"-3","q":"\"q\"","d":{"$date":"2020-01-01T00:00:00.000Z"}}`,
		`{"_id":2,"o":{"p":{"q":[1,{"r":null}]},"z":"line\nbreak, and comma"},"null":null,"id":{"$oid":"5d505646cf6d4fe581014ab2"}}`,
		`{"_id":"3","bin":{"$binary":{"base64":"AQI=","subType":"00"}},"re":{"$regularExpression":{"pattern":"a","options":"i"}}}`,
	}
	for _, f := range []Format{JSON, CSV} {
		t.Run(string(f), func(t *testing.T) {
			var out bytes.Buffer
			export(t, &out, f, list)
			docs, bad := readAll(t, out.String(), f)
			if diff := cmp.Diff(list, docs); diff != "" || len(bad) > 0 {
				t.Errorf("%s\n%v\n%s", diff, bad, out.String())
			}
		})
	}
}

// export writes documents with all of their columns.
func export(t *testing.T, out io.Writer, f Format, list []string) {
	t.Helper()
	columns := &Columns{}
	for _, text := range list {
		if err := columns.Add(decode(t, text)); err != nil {
			t.Fatal(err)
		}
	}
	w, err := NewWriter(out, f, columns.Names())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range list {
		if err := w.Write(decode(t, text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestCSVLosesNoColumn(t *testing.T) {
	var list []string
	for i := range 1500 {
		list = append(list, `{"_id":`+strconv.Itoa(i)+`,"o":{"x":1}}`)
	}
	list = append(list, `{"_id":1500,"late":true,"o":"a text now"}`, `{"_id":1501,"o":{"x":{"y":2}},"e":{"a.b":1}}`)
	var out bytes.Buffer
	export(t, &out, CSV, list)
	head, _, _ := strings.Cut(out.String(), "\n")
	if head != "_id,late,o,e" {
		t.Error(head)
	}
	docs, bad := readAll(t, out.String(), CSV)
	if diff := cmp.Diff(list, docs); diff != "" || len(bad) > 0 {
		t.Errorf("%s %v", diff, bad)
	}
}

func TestCSVRefusesWhatNoColumnCanName(t *testing.T) {
	for name, doc := range map[string]bson.D{"dot": {{Key: "a.b", Value: 1}}, "empty": {{Key: "", Value: 1}}, "space": {{Key: " a", Value: 1}}} {
		raw, err := bson.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if err := (&Columns{}).Add(raw); !models.IsCode(err, models.CodeInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	columns := &Columns{}
	var err error
	for i := 0; err == nil && i < 2*maxColumns; i++ {
		err = columns.Add(decode(t, `{"f`+strconv.Itoa(i)+`":1}`))
	}
	if !models.IsCode(err, models.CodeInvalid) {
		t.Errorf("too many columns: %v", err)
	}
}

// TestReaderSaysWhatIsWrong is about files that are something else.
func TestReaderSaysWhatIsWrong(t *testing.T) {
	gbk := "\xc4\xe3\xba\xc3" // 你好
	for name, c := range map[string]struct {
		text string
		f    Format
		want []string // keys, "" for a document
	}{
		"GBK JSON":        {`{"a":1}` + "\n" + `{"a":"` + gbk + `"}` + "\n" + `{"a":2}`, JSON, []string{"", "docdb.import_utf8", ""}},
		"GBK CSV":         {"a,b\n1," + gbk + "\n2,x\n", CSV, []string{"docdb.import_utf8", ""}},
		"GBK head":        {"a," + gbk + "\n1,2\n3,4\n", CSV, []string{"docdb.import_utf8"}},
		"UTF-16":          {"\xff\xfe{\x00}\x00", JSON, []string{"docdb.import_utf8"}},
		"JSON list":       {"[\n{\"a\":1},\n{\"a\":2}\n]", JSON, []string{"docdb.import_list"}},
		"printed JSON":    {"{\n\"a\": 1\n}", JSON, []string{"docdb.import_part", "docdb.import_part", "docdb.import_part"}},
		"one wrong line":  {"{\"a\" 1}", JSON, []string{"docdb.json_syntax"}},
		"list after docs": {"{\"a\":1}\n[1]\n{}", JSON, []string{"", "docdb.import_part", ""}},
		"bad head":        {"a,a\n1,2\n3,4", CSV, []string{"docdb.import_name"}},
	} {
		r := NewReader(strings.NewReader(c.text), c.f, time.Time{})
		var got []string
		for range 10 {
			_, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			key := ""
			if err != nil {
				key = models.MsgOf(err).Key
			}
			got = append(got, key)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestALineThatIsTooLongIsOneError(t *testing.T) {
	text := "{\"a\":1}\n" + strings.Repeat("x", maxLine+maxLine/2) + "\n{\"a\":2}"
	docs, bad := readAll(t, text, JSON)
	if diff := cmp.Diff([]string{`{"a":1}`, `{"a":2}`}, docs); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{2}, bad); diff != "" {
		t.Error(diff)
	}
}

func FuzzReader(f *testing.F) {
	f.Add("a,b\n1,2\n", true)
	f.Add("{\"a\":1}\n{", false)
	f.Fuzz(func(t *testing.T, text string, isCSV bool) {
		format := JSON
		if isCSV {
			format = CSV
		}
		r := NewReader(strings.NewReader(text), format, time.Time{})
		for range 1000 {
			if _, err := r.Next(); errors.Is(err, io.EOF) {
				return
			}
		}
	})
}
