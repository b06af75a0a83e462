package service

import (
	"fmt"
	"testing"
	"testing/fstest"

	"envshare/internal/store"
	"envshare/internal/testkit/databases"
	"envshare/models"
)

const withData = `
principals: [{id: acme, name: acme}]
apps:
  - appid: wx0000000000000001
    name: shop
    principal: acme
    environments:
      - id: shop-1
        collections:
          products: {preset: admin_read_write, documents: products.jsonl, indexes: [{keys: {price: 1, name: -1}, unique: true}]}
          custom: {rules: {read: true}}
        storage: {preset: all_read_creator_write, folder: files}
`

func dataFiles(price int) fstest.MapFS {
	return fstest.MapFS{
		"products.jsonl":    {Data: fmt.Appendf(nil, `{"_id":"a","price":%d}`+"\n"+`{"_id":"b","price":2}`, price)},
		"files/a/hello.txt": {Data: []byte("hello")}, "files/.hidden": {Data: []byte("x")},
	}
}

// opsOf counts the steps of one kind by what they do.
func opsOf(steps []Step, kind string) map[string]int {
	out := map[string]int{}
	for _, s := range steps {
		if s.Kind == kind {
			out[s.Op]++
		}
	}
	return out
}

func TestApply_Data(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		w := emptyWorld(t, o)
		steps, err := w.apply(t, withData, dataFiles(1))
		must(t, err)
		same(t, map[string]int{"+": 2}, opsOf(steps, "collection"))
		same(t, map[string]int{"+": 1}, opsOf(steps, "index"))
		same(t, map[string]int{"+": 1}, opsOf(steps, "documents"))
		same(t, map[string]int{"+": 3}, opsOf(steps, "rule"))
		same(t, map[string]int{"+": 1}, opsOf(steps, "file"))

		steps, err = w.apply(t, withData, dataFiles(1))
		must(t, err)
		for _, s := range steps {
			if s.Op != "=" {
				t.Errorf("a second run changed something: %+v", s)
			}
		}

		steps, err = w.apply(t, withData, dataFiles(9))
		must(t, err)
		same(t, map[string]int{"~": 1, "=": 1}, opsOf(steps, "documents"))
		n, err := w.Documents.db.Count(t.Context(), "shop-1", "products", nil)
		must(t, err)
		same(t, int64(2), n)
		rule, err := w.store.AccessRules.ByName(t.Context(), "shop-1", models.RuleCollection, "custom")
		must(t, err)
		same(t, `{"read":true}`, rule.Rules)
	})
}

func TestApply_DataIsChecked(t *testing.T) {
	w := emptyWorld(t, store.Options{DataDir: t.TempDir()})
	for name, c := range map[string]struct {
		text, from string
	}{
		"document without id": {`{"price":1}`, withData},
		"broken line":         {`{"_id":`, withData},
	} {
		files := dataFiles(1)
		files["products.jsonl"] = &fstest.MapFile{Data: []byte(c.text)}
		if _, err := w.apply(t, c.from, files); !models.IsCode(err, models.CodeInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
