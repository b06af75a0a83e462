package handlers_test

import (
	"crypto/rand"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"runtime"
	"strings"
	"testing"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/internal/testkit"
	"envshare/models"
)

// i18nWhy is why something is off that a grant does not have.
func i18nWhy(p models.Permission) string {
	return i18n.Text(i18n.Chinese, "error.permission_not_granted", map[string]any{"permission": p, "key": string(p)})
}

func TestStoragePages(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	at := paths.Storage(shop, shopTest)
	token := b.token(at)
	t.Run("what is wrong with an upload stands beside its field, and what was typed stays", func(t *testing.T) {
		bad := text("error.file_path", "max", models.MaxFilePath)
		p := b.upload(at, token, []string{"folder", "../up"}, "files", "a.txt", "x").want(422).wantError(bad)
		if got := p.Find("#f-folder").AttrOr("value", ""); got != "../up/" {
			t.Errorf("folder %q", got)
		}
		if _, focus := p.Find("#f-folder").Attr("autofocus"); !focus {
			t.Error("the field in error does not take the focus")
		}
		p = b.upload(at, token, []string{"folder", "docs"}, "files").want(422).wantError(text("error.upload_missing"))
		if got := p.Find("#f-folder").AttrOr("value", ""); got != "docs/" {
			t.Errorf("folder %q", got)
		}
	})
	t.Run("files before one that is refused stay, and the page says so", func(t *testing.T) {
		b.upload(at, token, []string{"folder", "half"}, "files", "one.txt", "1", "a//b.txt", "2", "three.txt", "3").want(422).
			wantError(text("error.file_refused", "name", "a//b.txt", "why", text("error.file_path", "max", models.MaxFilePath))).
			wantFlash(text("flash.files_stored_before", "count", "1")).wantCount(`[data-testid="file-row"]`, 1).wantText(`[data-testid="file-row"]`, "one.txt")
	})
	b.upload(at, token, []string{"folder", "docs"}, "files", "a.txt", "hello 你好", "b.html", "<script>", "deep/c.txt", "c").
		wantRedirect(paths.StorageFolder(shop, shopTest, "docs/", "")).follow().want(200).wantCount(`[data-testid="file-row"]`, 2).wantCount(`[data-testid="folder-row"]`, 1)
	b.get(at).wantText(`[data-testid="folder-row"]`, "docs/")

	file := b.get(paths.StorageFile(shop, shopTest, "docs/deep/c.txt")).want(200).wantText(`[data-testid="preview"]`, "c").
		wantText("dl", models.FileID(shopTest, "docs/deep/c.txt"), "text/plain")
	file.wantText(`nav[aria-label="`+text("ui.breadcrumb")+`"]`, text("storage.title")+" /docs /deep /c.txt")
	open := b.do(http.MethodGet, paths.OpenFile(shop, shopTest, "docs/a.txt", true), "", nil)
	if open.status != 303 || !strings.Contains(open.location, "/files/d/") || strings.Contains(open.location, k.url) {
		t.Errorf("%d %s", open.status, open.location)
	}

	t.Run("moving a file", func(t *testing.T) {
		ask := func() *page { return b.get(paths.AskMoveFile(shop, shopTest, "docs/a.txt")).want(200) }
		move := paths.MoveFile(shop, shopTest)
		b.submit(ask(), move, "to", "/bad").want(422)
		b.submit(ask(), move, "to", "docs/b.html").want(422).wantError(text("error.file_exists", "path", "docs/b.html"))
		b.submit(ask(), move, "to", "new/c.txt").wantRedirect(paths.StorageFile(shop, shopTest, "new/c.txt")).follow().want(200)
	})
	t.Run("deleting a file asks first and leads to its folder", func(t *testing.T) {
		ask := b.get(paths.AskDeleteFile(shop, shopTest, "new/c.txt")).want(200).wantText(`[data-testid="impact"]`, "1", "12 B")
		b.submit(ask, paths.DeleteFile(shop, shopTest)).wantRedirect(paths.StorageFolder(shop, shopTest, "new/", "")).follow().wantFlash(text("flash.file_deleted", "path", "new/c.txt"))
		b.get(paths.StorageFile(shop, shopTest, "new/c.txt")).want(404)
	})
	t.Run("folders", func(t *testing.T) {
		b.submit(b.get(paths.AskMoveFile(shop, shopTest, "docs/")), paths.MoveFile(shop, shopTest), "to", "papers").
			wantRedirect(paths.StorageFolder(shop, shopTest, "papers/", "")).follow().wantCount(`[data-testid="file-row"]`, 1)
		b.submit(b.get(paths.AskMoveFile(shop, shopTest, "papers/")), paths.MoveFile(shop, shopTest), "to", "papers/in").want(422).wantError(text("error.folder_into_itself"))
		ask := b.get(paths.AskDeleteFile(shop, shopTest, "papers/")).want(200).wantText(`[data-testid="impact"]`, "2")
		b.submit(ask, paths.DeleteFile(shop, shopTest)).wantRedirect(at)
		for _, path := range []string{"papers/", "nothing/", "/", "a/../"} {
			b.get(paths.AskDeleteFile(shop, shopTest, path)).want(404)
			b.forge(paths.DeleteFile(shop, shopTest), "path", path).want(404)
		}
	})
}

func TestAPictureIsShownFromTheGatewayAndAnSVGNever(t *testing.T) {
	k := newWorld(t)
	must(t, k.kit.Services.Credentials.SetGatewayURL(t.Context(), "https://files.test:8443/base"))
	b := k.admin(shop)
	b.upload(paths.Storage(shop, shopTest), b.token("/apps"), nil, "files", "a.png", "\x89PNG\r\n\x1a\n", "a.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>").want(303)
	policy := func(p *page) string { return p.header.Get("Content-Security-Policy") }
	shown := b.get(paths.StorageFile(shop, shopTest, "a.png")).want(200).wantCount(`img[data-testid="preview"]`, 1)
	if !strings.Contains(policy(shown), "img-src https://files.test:8443 'self' data:;") {
		t.Error(policy(shown))
	}
	svg := b.get(paths.StorageFile(shop, shopTest, "a.svg")).want(200).wantCount(`main img`, 0)
	if strings.Contains(policy(svg), "files.test") {
		t.Error(policy(svg))
	}
}

func TestFolderPagesLeadBack(t *testing.T) {
	k := newWorld(t)
	for i := range 103 {
		_, err := k.kit.Services.Files.Store(t.Context(), testkit.Actor, shop, shopTest, "f/"+string(rune('a'+i/26))+string(rune('a'+i%26)), strings.NewReader("x"))
		must(t, err)
	}
	b := k.admin(shop)
	first := b.get(paths.StorageFolder(shop, shopTest, "f/", "")).wantCount(`[data-testid="file-row"]`, 100).wantCount(`a[rel="prev"]`, 0)
	second := b.get(first.Find(`a[rel="next"]`).AttrOr("href", "")).wantCount(`[data-testid="file-row"]`, 3).wantCount(`a[rel="next"]`, 0)
	b.get(second.Find(`a[rel="prev"]`).AttrOr("href", "")).wantCount(`[data-testid="file-row"]`, 100).wantText(`[data-testid="file-row"]:first-child`, "aa")
}

// stream posts a form whose only file has n random bytes, while it is made.
func (b *browser) stream(path, token, name string, n int64) *page {
	b.t.Helper()
	r, w := io.Pipe()
	form := multipart.NewWriter(w)
	go func() {
		err := form.WriteField("_csrf", token)
		if err == nil {
			var part io.Writer
			part, err = form.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="files"; filename="` + name + `"`}})
			if err == nil {
				_, err = io.Copy(part, io.LimitReader(rand.Reader, n))
			}
		}
		if err == nil {
			err = form.Close()
		}
		_ = w.CloseWithError(err)
	}()
	return b.do(http.MethodPost, path, form.FormDataContentType(), r)
}

func TestLargeUploadsAreNotHeldInMemory(t *testing.T) {
	const file = 200 << 20
	k := newWorld(t)
	b := k.admin(shop)
	token := b.token("/apps")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b.stream(paths.Storage(shop, shopTest), token, "large.bin", file).want(303)
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > file/4 {
		t.Errorf("%d MiB were allocated for a file of %d MiB", grown>>20, file>>20)
	}
	f, err := k.kit.Services.Files.Get(t.Context(), testkit.Actor, shop, shopTest, "large.bin")
	must(t, err)
	if f.Size != file {
		t.Errorf("%d bytes", f.Size)
	}
}

func TestARefusedUploadIsAnsweredAfterItWasSent(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	b.stream(paths.Storage(shop, shopTest), b.token("/apps"), "bad//name", 16<<20).want(422).wantText(`[data-testid="field-error"]`, "bad//name")
}

func TestAnUploadOverTheLimitIsToldItAndTheWayBack(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	at := paths.Storage(shop, shopTest)
	body, sender := io.Pipe() // nothing comes before the answer
	t.Cleanup(func() { _ = sender.Close() })
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.base+at, body)
	must(t, err)
	r.ContentLength = service.MaxFile + 1
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	r.Header.Set("Referer", b.base+paths.StorageFolder(shop, shopTest, "docs/", ""))
	p := b.send(r).want(413).wantText(`[data-testid="error-message"]`, "5 GB")
	if back := p.Find(`[data-testid="error-page"] a`).First().AttrOr("href", ""); back != paths.StorageFolder(shop, shopTest, "docs/", "") {
		t.Errorf("back to %q", back)
	}
}

func TestAnUploadThatBreaksOffStoresNothing(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	at := paths.Storage(shop, shopTest)
	body := "--b\r\nContent-Disposition: form-data; name=\"_csrf\"\r\n\r\n" + b.token("/apps") + "\r\n--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"half.txt\"\r\n\r\nhalf a f"
	b.do(http.MethodPost, at, "multipart/form-data; boundary=b", strings.NewReader(body)).want(422).wantError(text("error.form_malformed"))
	b.get(at).wantCount(`[data-testid="file-row"]`, 0)
}

func TestAnUploadNeedsTheTokenBeforeItsFiles(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	at := paths.Storage(shop, shopTest)
	token := b.token("/apps")
	file := "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.txt\"\r\n\r\nx\r\n"
	field := func(value string) string {
		return "--b\r\nContent-Disposition: form-data; name=\"_csrf\"\r\n\r\n" + value + "\r\n"
	}
	send := func(body string, headers ...string) *page {
		return b.do(http.MethodPost, at, "multipart/form-data; boundary=b", strings.NewReader(body+"--b--\r\n"), headers...)
	}
	send(file).want(403)
	send(file + field(token)).want(403)
	send(field("wrong") + file).want(403)
	send(field(token)+file, "Sec-Fetch-Site", "cross-site").want(403)
	b.get(at).wantCount(`[data-testid="file-row"]`, 0)
	send(file, "X-CSRF-Token", token).want(303)
	send(field(token)+file, "X-Upload", "1").want(204)
	b.forge(at, "folder", "x").want(400) // no form with files
	b.get(at).wantCount(`[data-testid="file-row"]`, 1)
}
