package handlers_test

import (
	"net/http"
	"strings"
	"testing"

	"envshare/internal/paths"
	"envshare/internal/testkit"
	"envshare/models"
)

func TestDatabasePages(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	b.submit(b.get(paths.Collections(shop, shopTest)).want(200), paths.Collections(shop, shopTest), "name", "1 bad").want(422).wantError(text("error.collection_name", "max", 128))
	b.submit(b.get(paths.Collections(shop, shopTest)), paths.Collections(shop, shopTest), "name", "todos").
		wantRedirect(paths.Collection(shop, shopTest, "todos")).follow().want(200).wantFlash(text("flash.collection_created", "name", "todos"))
	b.submit(b.get(paths.Collections(shop, shopTest)), paths.Collections(shop, shopTest), "name", "todos").want(422)
	b.get(paths.Collections(shop, shopTest)).wantCount(`[data-testid="collection-row"]`, 1).
		wantText(`[data-testid="collection-row"]`, "todos", "1", text("preset.creator_read_write"))

	add := paths.Documents(shop, shopTest, "todos")
	b.submit(b.get(paths.NewDocument(shop, shopTest, "todos")).want(200), add, "text", `{"_id":"a","n":`).want(422)
	for _, doc := range []string{`{"_id":"a","n":1}`, `{"_id":"b","n":{"$numberLong":"5"}}`} {
		b.submit(b.get(paths.NewDocument(shop, shopTest, "todos")), add, "text", doc).wantRedirect(paths.Collection(shop, shopTest, "todos")).follow().want(200)
	}
	b.submit(b.get(paths.NewDocument(shop, shopTest, "todos")), add, "text", `{"_id":"a"}`).want(422)
	b.get(paths.CollectionQuery(shop, shopTest, "todos", `{"n":{"$gt":1}}`, `{"n":-1}`, 1)).want(200).
		wantCount(`[data-testid="document-row"]`, 1).wantText(`[data-testid="document-row"]`, `{"_id":"b","n":{"$numberLong":"5"}}`)
	b.get(paths.CollectionQuery(shop, shopTest, "todos", `{"n":{"$oops":1}}`, "", 1)).want(422)
	b.get(paths.Collection(shop, shopTest, "nothing")).want(404)

	t.Run("a document that somebody else changed is not overwritten unseen", func(t *testing.T) {
		link := b.get(paths.CollectionQuery(shop, shopTest, "todos", `{"_id":"a"}`, "", 1)).Find(`[data-testid="document-row"] a`).AttrOr("href", "")
		mine, theirs := b.get(link).want(200), b.get(link)
		b.submit(theirs, link, "text", `{"n":2}`).follow().wantFlash(text("flash.document_saved"))
		late := b.submit(mine, link, "text", `{"n":3}`).want(409).wantError(text("error.document_changed"))
		late.wantText(`[data-testid="newer"]`, `"n": 2`)
		b.submit(late, link, "text", `{"_id":"other","n":3}`).want(422).wantError(text("error.document_id_fixed"))
		b.submit(late, link, "text", `{"n":3}`).want(303)
		b.forge(link+"/delete", "version", "stale").want(409)
		b.submit(b.get(link).wantText("textarea", `"n": 3`), link+"/delete").want(303)
		b.get(link).want(404)
	})
	t.Run("indexes", func(t *testing.T) {
		at := paths.Indexes(shop, shopTest, "todos")
		b.submit(b.get(at).want(200), at, "fields", "n:7").want(422)
		b.submit(b.get(at), at, "fields", "n:1, owner:-1", "unique", "true").wantRedirect(at).follow().
			wantCount(`[data-testid="index-row"]`, 2).wantText("table", "n_1_owner_-1", text("indexes.unique"))
		b.forge(at+"/delete", "index", "n_1_owner_-1").wantRedirect(at).follow().wantCount(`[data-testid="index-row"]`, 1)
		b.forge(at+"/delete", "index", "_id_").want(404)
	})
	t.Run("deleting a collection says what goes", func(t *testing.T) {
		at := paths.DeleteCollection(shop, shopTest, "todos")
		b.submit(b.get(at).want(200).wantText("main", "1"), at).wantRedirect(paths.Collections(shop, shopTest))
		b.get(paths.Collections(shop, shopTest)).wantCount(`[data-testid="collection-row"]`, 0)
	})
}

func TestImportAndExportPages(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	_, export := k.data()
	at := paths.Transfers(shop, shopTest, "hello")
	file := b.get(paths.TransferFile(shop, shopTest, "hello", export))
	if file.status != 200 || !strings.Contains(file.body, `{"_id":"d1","n":1}`) {
		t.Errorf("%d %q", file.status, file.body)
	}
	token := b.token(at)
	b.upload(paths.ImportDocuments(shop, shopTest, "hello"), token, []string{"mode", "insert"}, "file").want(422)
	b.upload(paths.ImportDocuments(shop, shopTest, "hello"), token, []string{"mode", "insert"}, "file", "more.csv", "_id,n\nd1,5\nd2,6\n").wantRedirect(at)
	list, err := k.kit.Services.Transfers.List(t.Context(), testkit.Actor, shop, shopTest, "hello")
	must(t, err)
	k.ended(list[0].ID)
	b.get(at).want(200).wantText(`[data-testid="transfer-row"]`, "more.csv", text("transfer_status.done"), text("transfers.progress", "count", "2", "failed", "1", "size", "16 B"), "E11000")
	b.submit(b.get(at), paths.ExportDocuments(shop, shopTest, "hello"), "format", "csv", "filter", "{oops").want(422)
	b.forge(paths.CancelTransfer(shop, shopTest, "hello", export)).want(409)
	b.forge(paths.ResumeTransfer(shop, shopTest, "hello", export)).want(409)
}

func TestStoragePages(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	at := paths.Storage(shop, shopTest)
	token := b.token(at)
	b.upload(at, token, []string{"folder", "../up"}, "files", "a.txt", "x").want(422)
	b.upload(at, token, []string{"folder", "docs"}, "files").want(422)
	b.upload(at, token, []string{"folder", "docs"}, "files", "a.txt", "hello 你好", "b.html", "<script>").
		wantRedirect(paths.StorageFolder(shop, shopTest, "docs/", "")).follow().want(200).wantCount(`[data-testid="file-row"]`, 2)
	b.get(at).wantCount(`[data-testid="folder-row"]`, 1).wantText(`[data-testid="folder-row"]`, "docs/")
	page := b.get(paths.StorageFile(shop, shopTest, "docs/a.txt")).want(200).wantText(`[data-testid="preview"]`, "hello 你好")
	page.wantText("dl", models.FileID(shopTest, "docs/a.txt"), "text/plain")
	open := b.do(http.MethodGet, paths.OpenFile(shop, shopTest, "docs/a.txt", true), "", nil)
	if open.status != 303 || !strings.Contains(open.location, "/files/d/") || strings.Contains(open.location, k.url) {
		t.Errorf("%d %s", open.status, open.location)
	}
	b.submit(page, paths.MoveFile(shop, shopTest), "to", "/bad").want(422)
	b.submit(page, paths.MoveFile(shop, shopTest), "to", "docs/b.html").want(422).wantError(text("error.file_exists", "path", "docs/b.html"))
	b.submit(page, paths.MoveFile(shop, shopTest), "to", "new/c.txt").wantRedirect(paths.StorageFile(shop, shopTest, "new/c.txt")).follow().want(200)
	b.submit(b.get(paths.StorageFile(shop, shopTest, "new/c.txt")), paths.DeleteFile(shop, shopTest)).want(303)
	b.get(paths.StorageFile(shop, shopTest, "new/c.txt")).want(404)
}

// TestBorrowersDoWhatTheirGrantSays is about the console of the app that borrows.
func TestBorrowersDoWhatTheirGrantSays(t *testing.T) {
	k := newWorld(t)
	k.data()
	k.share(shop, diner, shopTest, models.DatabaseView, models.StorageView)
	b := k.admin(diner)
	b.get(paths.Collections(diner, shopTest)).want(200).wantCount(`[data-testid="collection-row"]`, 1).wantCount(`[data-testid="why-off"]`, 1)
	b.get(paths.Collection(diner, shopTest, "hello")).want(200).wantCount(`[data-testid="document-row"]`, 1)
	b.get(paths.StorageFile(diner, shopTest, "a.txt")).want(200).wantText(`[data-testid="preview"]`, "hello")
	b.get(paths.NewDocument(diner, shopTest, "hello")).want(403)
	for _, post := range []string{
		paths.Collections(diner, shopTest), paths.Documents(diner, shopTest, "hello"), paths.Indexes(diner, shopTest, "hello"),
		paths.DeleteCollection(diner, shopTest, "hello"), paths.ExportDocuments(diner, shopTest, "hello"), paths.ImportDocuments(diner, shopTest, "hello"),
		paths.Storage(diner, shopTest), paths.MoveFile(diner, shopTest), paths.DeleteFile(diner, shopTest),
	} {
		b.forge(post, "name", "x", "path", "a.txt", "from", "a.txt", "to", "b.txt", "text", "{}").want(403)
	}
}
