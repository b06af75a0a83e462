package handlers_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/internal/testkit"
	"envshare/models"
)

const mainOne = "exports.main = async () => 1\n"

// Several files are edited in a working copy, which runs nowhere until it is
// deployed as one version.
func TestWorkingCopy(t *testing.T) {
	k := newWorld(t)
	k.deploy(shopTest, "hello", mainOne)
	b := k.admin(shop)
	code, files, draft := paths.FunctionCode(shop, shopTest, "hello"), paths.FunctionFiles(shop, shopTest, "hello"), paths.FunctionDraft(shop, shopTest, "hello")
	file := func(name string) string { return paths.FunctionFile(shop, shopTest, "hello", name) }

	p := b.submit(b.get(paths.NewFunctionFile(shop, shopTest, "hello")).want(200), files, "path", " lib/sum.js ").wantRedirect(file("lib/sum.js")).follow().want(200)
	b.submit(p, code, "content", "\r\nexports.sum = 2\r\n").wantRedirect(file("lib/sum.js")).follow().want(200).
		wantFlash(text("flash.function_file_saved", "file", "lib/sum.js")).wantText(`[data-testid="draft-changed"]`, "1")
	if got := b.get(file("lib/sum.js")).fields(code).Get("content"); got != "\nexports.sum = 2\n" {
		t.Errorf("content %q: line ends or the first line are not kept", got)
	}
	t.Run("another file opens when this one is saved", func(t *testing.T) {
		b.submit(b.get(file("index.js")), code, "content", "exports.main = async () => require('./lib/add').sum\r\n", "next", "lib/sum.js").wantRedirect(file("lib/sum.js"))
	})
	t.Run("renaming keeps the content", func(t *testing.T) {
		rename := paths.RenameFunctionFile(shop, shopTest, "hello", "")
		b.submit(b.get(paths.RenameFunctionFile(shop, shopTest, "hello", "lib/sum.js")).want(200), rename, "path", "lib/add.js").
			wantRedirect(file("lib/add.js")).follow().wantText(`[data-testid="source"]`, "exports.sum = 2")
		b.submit(b.get(paths.RenameFunctionFile(shop, shopTest, "hello", "lib/add.js")), rename, "path", "index.js").want(422).wantError(text("error.code_path_twice", "path", "index.js"))
	})
	t.Run("nobody else sees it, and nothing of it runs", func(t *testing.T) {
		other := k.signIn("other", map[string]models.Role{shop: models.RoleAdmin})
		other.get(code).want(200).wantCount(`[data-testid="draft-changed"]`, 0).wantText(`[data-testid="source"]`, "=> 1")
		other.get(file("lib/add.js")).want(404)
	})
	t.Run("it is deployed as one version", func(t *testing.T) {
		review := b.get(draft).want(200).wantCount(`[data-testid="diff-file"]`, 2)
		review.wantText(`[data-testid="diff-file"]:contains("index.js")`, text("diff.edited"), "− 删除exports.main = async () => 1", "+ 新增exports.main = async () => require")
		b.submit(review, draft, "note", "sums").wantRedirect(code).follow().want(200).wantFlash(text("flash.function_deployed", "name", "hello", "version", "v2")).
			wantCount(`[data-testid="draft-changed"]`, 0)
		versions := b.get(paths.FunctionVersions(shop, shopTest, "hello")).wantText(`[data-testid="version-row"]:contains("v2")`, "sums")
		b.get(versions.Find(`a[href*="compare"]`).Last().AttrOr("href", "")).want(200).wantCount(`[data-testid="diff-file"]`, 2)
	})
	t.Run("deleting and taking back", func(t *testing.T) {
		del := paths.DeleteFunctionFile(shop, shopTest, "hello", "")
		b.submit(b.get(paths.DeleteFunctionFile(shop, shopTest, "hello", "lib/add.js")), del).wantRedirect(code).follow().wantText(`[data-testid="file-removed"]`, "add.js")
		b.submit(b.get(paths.DiscardFunctionDraft(shop, shopTest, "hello")).want(200), paths.DiscardFunctionDraft(shop, shopTest, "hello")).
			wantRedirect(code).follow().wantCount(`[data-testid="file-removed"]`, 0)
		p := b.submit(b.get(file("index.js")), code, "content", "broken").follow()
		b.submit(p, paths.RestoreFunctionFile(shop, shopTest, "hello")).follow().wantCount(`[data-testid="draft-changed"]`, 0)
	})
	t.Run("code without an entry is refused, and stays", func(t *testing.T) {
		b.submit(b.get(paths.DeleteFunctionFile(shop, shopTest, "hello", "index.js")), paths.DeleteFunctionFile(shop, shopTest, "hello", "")).want(303)
		b.submit(b.get(draft), draft).want(422).wantText(`[data-testid="refused"]`, text("error.code_no_index"))
		b.get(code).wantText(`[data-testid="file-removed"]`, "index.js")
	})
}

// Somebody deploys while another one edits: told with 409, with both, and nothing
// lost.
func TestDeployedMeanwhile(t *testing.T) {
	k := newWorld(t)
	deploy := func(files ...service.SourceFile) {
		t.Helper()
		source, err := service.NewSource(files)
		must(t, err)
		_, err = k.kit.Services.Functions.Deploy(t.Context(), testkit.Actor, shop, shopTest, service.Deployment{Name: "hello", Source: source})
		must(t, err)
	}
	one := service.SourceFile{Path: "index.js", Data: []byte(mainOne)}
	deploy(one, service.SourceFile{Path: "a.js", Data: []byte("1\n")})
	b := k.admin(shop)
	code, draft := paths.FunctionCode(shop, shopTest, "hello"), paths.FunctionDraft(shop, shopTest, "hello")
	b.submit(b.get(code), code, "content", "exports.main = async () => 'mine'\n").want(303)
	review := b.get(draft).want(200).wantCount(`[data-testid="outdated"]`, 0)
	upload := b.get(paths.DeployFunction(shop, shopTest, "hello")).want(200)
	rollBack := b.get(paths.RollBackTo(shop, shopTest, "hello", "1")).want(200)

	deploy(one, service.SourceFile{Path: "a.js", Data: []byte("2\n")})
	p := b.submit(review, draft, "note", "my note").want(409)
	p.wantText(`[data-testid="refused"]`, text("error.version_deployed_meanwhile", "version", 2))
	p.wantText(`[data-testid="diff-file"]:contains("index.js")`, "'mine'").wantText(`[data-testid="diff-file"]:contains("a.js")`, "− 删除2", "+ 新增1")
	p.wantCount(`input[name="note"][value="my note"]`, 1)

	t.Run("uploads and roll backs are told too", func(t *testing.T) {
		token := upload.fields(paths.DeployFunction(shop, shopTest, "hello"))
		b.upload(paths.DeployFunction(shop, shopTest, "hello"), token.Get("_csrf"), []string{"over", token.Get("over")}, "files", "index.js", "1").
			want(409).wantText(`[data-testid="outdated"]`, text("error.version_deployed_meanwhile", "version", 2))
		b.submit(rollBack, paths.RollBackFunction(shop, shopTest, "hello")).want(409).wantText(`[data-testid="outdated"]`, text("error.version_deployed_meanwhile", "version", 2))
	})
	t.Run("the other version is taken in, and own files stay", func(t *testing.T) {
		p := b.submit(p, paths.TakeInFunctionDraft(shop, shopTest, "hello")).wantRedirect(draft).follow().want(200)
		p.wantCount(`[data-testid="diff-file"]`, 1).wantCount(`[data-testid="outdated"]`, 0).wantText(`[data-testid="diff-file"]`, "'mine'")
		b.submit(p, draft).wantRedirect(code)
		b.get(code).wantText(`[data-testid="source"]`, "'mine'")
		b.get(paths.FunctionFile(shop, shopTest, "hello", "a.js")).wantText(`[data-testid="source"]`, "2")
	})
}

// Two tabs of the same person: the second save is told.
func TestFileSavedMeanwhile(t *testing.T) {
	k := newWorld(t)
	k.deploy(shopTest, "hello", mainOne)
	b := k.admin(shop)
	code := paths.FunctionCode(shop, shopTest, "hello")
	first, second := b.get(code), b.get(code)
	b.submit(first, code, "content", "first").want(303)
	p := b.submit(second, code, "content", "second").want(409)
	p.wantText(`[data-testid="newer"]`, "first").wantText(`[data-testid="source"]`, "second").wantError(text("error.code_file_changed"))
	b.submit(p, code).want(303).follow().wantText(`[data-testid="source"]`, "second")
	b.submit(b.get(code), code, "content", strings.Repeat("x", models.MaxEditableFile+1)).want(422).
		wantError(text("error.code_file_too_large", "kb", models.MaxEditableFile>>10))
}

func TestHostileFilePaths(t *testing.T) {
	k := newWorld(t)
	k.deploy(shopTest, "hello", mainOne)
	b := k.admin(shop)
	files := paths.FunctionFiles(shop, shopTest, "hello")
	for path, key := range map[string]string{
		"../x.js": "error.code_path", "/etc/passwd": "error.code_path", `..\x.js`: "error.code_path", "a\x01b": "error.code_path",
		"node_modules/x/index.js": "error.code_path_reserved", ".npmrc": "error.code_path_reserved",
		"index.js": "error.code_path_twice", "index.js/x": "error.code_path_twice", "": "error.required", "folder/": "error.required",
		strings.Repeat("x", 300): "error.code_path",
	} {
		want := text(key, "path", path)
		if key == "error.code_path_twice" {
			want = text(key, "path", "index.js")
		}
		b.forge(files, "path", path).want(422).wantError(want)
	}
	b.get(paths.FunctionCode(shop, shopTest, "hello")).wantCount(`[data-testid="draft-changed"]`, 0)
}

// Uploads that want to do harm are refused beside the field.
func TestHostileUploads(t *testing.T) {
	k := newWorld(t)
	k.deploy(shopTest, "hello", mainOne)
	b := k.admin(shop)
	deploy := paths.DeployFunction(shop, shopTest, "hello")
	token := b.token("/apps")
	archive := func(fill func(w *zip.Writer)) string {
		var buf bytes.Buffer
		w := zip.NewWriter(&buf)
		fill(w)
		must(t, w.Close())
		return buf.String()
	}
	link := archive(func(w *zip.Writer) {
		h := &zip.FileHeader{Name: "index.js"}
		h.SetMode(0o777 | fs.ModeSymlink)
		part, err := w.CreateHeader(h)
		must(t, err)
		_, err = part.Write([]byte("/etc/passwd"))
		must(t, err)
	})
	bomb := archive(func(w *zip.Writer) {
		part, err := w.Create("index.js")
		must(t, err)
		zeros := make([]byte, 1<<20)
		for range 60 {
			_, err = part.Write(zeros)
			must(t, err)
		}
	})
	many := archive(func(w *zip.Writer) {
		for i := range 5001 {
			_, err := w.Create(fmt.Sprintf("f%d.js", i))
			must(t, err)
		}
	})
	for name, test := range map[string]struct{ content, want string }{
		"slip":     {zipped(t, "../../index.js", "1"), text("error.code_path", "path", "../../index.js")},
		"symlink":  {link, text("error.code_not_regular", "path", "index.js")},
		"bomb":     {bomb, text("error.code_too_large", "mb", 50, "files", 5000)},
		"too many": {many, text("error.code_too_large", "mb", 50, "files", 5000)},
		"no zip":   {"PK\x03\x04nonsense", text("error.code_zip")},
	} {
		t.Run(name, func(t *testing.T) {
			b.upload(deploy, token, nil, "zip", "code.zip", test.content).want(422).wantError(test.want)
		})
	}
	b.get(paths.FunctionVersions(shop, shopTest, "hello")).wantCount(`[data-testid="version-row"]`, 1)
}
