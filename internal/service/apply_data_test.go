package service

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
		n, err := w.Documents.db.Count(t.Context(), "shop-1", "products", "", nil)
		must(t, err)
		same(t, int64(2), n)
		rule, err := w.store.AccessRules.ByName(t.Context(), "shop-1", models.RuleCollection, "custom")
		must(t, err)
		same(t, `{"read": true}`, rule.Rules)
	})
}

// TestApply_DataIsChecked finds what is wrong before anything changes, and in a
// plan as in a run.
func TestApply_DataIsChecked(t *testing.T) {
	w := emptyWorld(t, store.Options{DataDir: t.TempDir()})
	for name, c := range map[string]struct {
		text, from, key, says string
	}{
		"document without id": {`{"price":1}`, withData, "error.document_needs_id", "products.jsonl, line 1: "},
		"broken line":         {"{\"_id\":1}\n\n{\"_id\" 2}", withData, "docdb.json_syntax", "products.jsonl, line 3: "},
		"not UTF-8":           {"{\"_id\":\"\xc4\xe3\"}", withData, "docdb.import_utf8", "line 1"},
		"one id twice":        {"{\"_id\":1}\n{\"_id\":2}\n{\"_id\":1.0}", withData, "error.document_twice", "line 3"},
		"kind of an index":    {"", strings.Replace(withData, "price: 1", "price: 7", 1), "error.index_key", "index price_7_name_-1"},
		"field of an index":   {"", strings.Replace(withData, "price: 1", "a..b: 1", 1), "docdb.path_empty", "collection products"},
		"no such file":        {"", strings.Replace(withData, "products.jsonl", "none.jsonl", 1), "error.manifest_file", "documents: "},
		"no such folder":      {"", strings.Replace(withData, "folder: files", "folder: none", 1), "error.manifest_file", "storage: "},
		"a file as folder":    {"", strings.Replace(withData, "folder: files", "folder: products.jsonl", 1), "error.manifest_folder", "storage: "},
		"outside":             {"", strings.Replace(withData, "folder: files", "folder: ../files", 1), "error.manifest_path", "storage: "},
		"functions outside":   {"", strings.Replace(withData, "id: shop-1", "id: shop-1\n        functions: /functions", 1), "error.manifest_path", "functions: "},
		"no functions":        {"", strings.Replace(withData, "id: shop-1", "id: shop-1\n        functions: none", 1), "error.manifest_file", "functions: "},
		"absolute":            {"", strings.Replace(withData, "products.jsonl", "/products.jsonl", 1), "error.manifest_path", "documents: "},
	} {
		files := dataFiles(1)
		if c.text != "" {
			files["products.jsonl"] = &fstest.MapFile{Data: []byte(c.text)}
		}
		for _, dry := range []bool{true, false} {
			steps, err := w.Manifests.Apply(t.Context(), system, parsed(t, c.from), ApplyOptions{Files: files, Getenv: passwords, DryRun: dry})
			if !models.IsCode(err, models.CodeInvalid) || models.MsgOf(err).Key != c.key || !strings.Contains(err.Error(), c.says) || len(steps) != 0 {
				t.Errorf("%s, dry %v: %v %v", name, dry, steps, err)
			}
		}
	}
	if _, err := w.store.Environments.ByID(t.Context(), "shop-1"); !models.IsCode(err, models.CodeNotFound) {
		t.Errorf("something was left behind: %v", err)
	}
}

// TestApply_StaysInItsFolder gives apply links that lead out of the folder.
func TestApply_StaysInItsFolder(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	must(t, os.WriteFile(filepath.Join(outside, "o.jsonl"), []byte(`{"_id":"secret"}`), 0o600))
	must(t, os.Symlink(filepath.Join(outside, "o.jsonl"), filepath.Join(dir, "products.jsonl")))
	must(t, os.Symlink(outside, filepath.Join(dir, "files")))
	root, err := os.OpenRoot(dir)
	must(t, err)
	defer func() { must(t, root.Close()) }()
	w := emptyWorld(t, store.Options{DataDir: t.TempDir()})
	for _, manifest := range []string{withData, strings.Replace(withData, "documents: products.jsonl, ", "", 1)} {
		if _, err := w.apply(t, manifest, root.FS()); models.MsgOf(err).Key != "error.manifest_file" {
			t.Errorf("%v", err)
		}
	}
}

// TestApply_AChangedIndexStaysUntilTheNewOneIsBuilt cannot build the new one.
func TestApply_AChangedIndexStaysUntilTheNewOneIsBuilt(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		w := emptyWorld(t, o)
		named := strings.Replace(withData, "{keys: {price: 1, name: -1}, unique: true}", "{name: mine, keys: {price: 1}}", 1)
		files := dataFiles(2) // two documents with one price
		_, err := w.apply(t, named, files)
		must(t, err)
		indexes := func() (out []string) {
			list, err := w.Documents.db.Indexes(t.Context(), "shop-1", "products")
			must(t, err)
			for _, i := range list[1:] {
				out = append(out, fmt.Sprintf("%s %v %v", i.Name, i.Keys, i.Unique))
			}
			return out
		}
		same(t, []string{"mine [{price 1}] false"}, indexes())

		steps, err := w.apply(t, strings.Replace(named, "keys: {price: 1}}", "keys: {price: 1}, unique: true}", 1), files)
		if !models.IsCode(err, models.CodeWriteRefused) {
			t.Errorf("%v", err)
		}
		same(t, []string{"mine [{price 1}] false"}, indexes())
		if last := steps[len(steps)-1]; last.Kind != "collection" || opsOf(steps, "environment")["="] != 1 {
			t.Errorf("the steps before the error: %+v", steps)
		}

		steps, err = w.apply(t, strings.Replace(named, "keys: {price: 1}}", "keys: {name: -1}}", 1), files)
		must(t, err)
		same(t, map[string]int{"~": 1}, opsOf(steps, "index"))
		same(t, []string{"mine [{name -1}] false"}, indexes())
	})
}

// TestApply_DocumentsWhoseIDStandsElsewhere stay as they are in a second run.
func TestApply_DocumentsWhoseIDStandsElsewhere(t *testing.T) {
	w := emptyWorld(t, store.Options{DataDir: t.TempDir()})
	files := dataFiles(1)
	files["products.jsonl"] = &fstest.MapFile{Data: []byte(`{"price":1,"_id":"a"}`)}
	_, err := w.apply(t, withData, files)
	must(t, err)
	steps, err := w.apply(t, withData, files)
	must(t, err)
	same(t, map[string]int{"=": 1}, opsOf(steps, "documents"))
}
