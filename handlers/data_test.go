package handlers_test

import (
	"strings"
	"testing"
	"time"

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
	b.submit(b.get(paths.NewDocument(shop, shopTest, "todos", paths.Browse{})).want(200), add, "text", "{\"_id\":\"é\",\n  \"n\": x}").want(422).wantError(text("document.syntax", "line", 2, "column", 8))
	for _, doc := range []string{`{"_id":"a","n":1}`, `{"_id":"b","n":{"$numberLong":"5"}}`} {
		b.submit(b.get(paths.NewDocument(shop, shopTest, "todos", paths.Browse{})), add, "text", doc).wantRedirect(paths.Collection(shop, shopTest, "todos")).follow().want(200)
	}
	b.submit(b.get(paths.NewDocument(shop, shopTest, "todos", paths.Browse{})), add, "text", `{"_id":"a"}`).want(422)
	large := `{"_id":"large","s":"` + strings.Repeat(`x\"`, 2<<20) + `"}`
	b.submit(b.get(paths.NewDocument(shop, shopTest, "todos", paths.Browse{})), add, "text", large).want(303)
	b.get(paths.CollectionQuery(shop, shopTest, "todos", paths.Browse{Filter: `{"n":{"$gt":1}}`, Sort: `{"n":-1}`, View: "json"})).want(200).
		wantCount(`[data-testid="document-row"]`, 1).wantText(`[data-testid="document-row"]`, `{"_id":"b","n":{"$numberLong":"5"}}`)
	b.get(paths.CollectionQuery(shop, shopTest, "todos", paths.Browse{Filter: `{n: _.gt(1)}`, Sort: "{n: -1}"})).want(200).
		wantCount(`[data-testid="document-row"]`, 1).wantText(`[data-testid="document-row"]`, "b", "5")
	b.get(paths.CollectionQuery(shop, shopTest, "todos", paths.Browse{Filter: `{"n":{"$oops":1}}`})).want(422)
	b.get(paths.CollectionQuery(shop, shopTest, "todos", paths.Browse{Filter: `{n: _.oops(1)}`})).want(422).wantError(text("shell.command", "line", 1, "column", 5, "name", "oops"))
	b.get(paths.CollectionQuery(shop, shopTest, "todos", paths.Browse{Sort: `{n: "up"}`})).want(422).wantCount(`[data-testid="document-row"]`, 0).wantCount(`[aria-invalid="true"][name="sort"]`, 1)
	sorted := b.get(paths.Collection(shop, shopTest, "todos")).want(200).Find("thead a").Eq(1).AttrOr("href", "")
	b.get(sorted).want(200).wantCount(`th[aria-sort="ascending"]`, 1)
	b.get(paths.Collection(shop, shopTest, "nothing")).want(404)

	t.Run("a document that somebody else changed is not overwritten unseen", func(t *testing.T) {
		link := b.get(paths.CollectionQuery(shop, shopTest, "todos", paths.Browse{Filter: `{"_id":"a"}`})).Find(`[data-testid="document-row"] a`).AttrOr("href", "")
		mine, theirs := b.get(link).want(200), b.get(link)
		link, _, _ = strings.Cut(link, "?")
		b.submit(theirs, link, "text", `{"n":2}`).follow().wantFlash(text("flash.document_saved"))
		late := b.submit(mine, link, "text", `{"n":3}`).want(409).wantError(text("error.document_changed"))
		late.wantText(`[data-testid="newer"]`, `"n": 2`)
		b.submit(late, link, "text", `{"_id":"other","n":3}`).want(422).wantError(text("error.document_id_fixed"))
		b.submit(late, link, "text", `{"n":3}`).want(303)
		b.forge(link+"/delete", "version", "stale").want(409)
		b.submit(b.get(link+"/delete").want(200).wantText(`[data-testid="doomed"]`, `"n": 3`), link+"/delete").want(303)
		b.get(link).want(404)
		b.submit(mine, link, "text", `{"_id":"a","n":4}`).want(409).wantError(text("error.document_deleted_meanwhile")).wantText("textarea", `"n":4`)
	})
	t.Run("indexes", func(t *testing.T) {
		at := paths.Indexes(shop, shopTest, "todos")
		b.submit(b.get(at).want(200), at, "fields", "n:7").want(422)
		b.submit(b.get(at), at, "fields", "n:1, owner:-1", "unique", "true").wantRedirect(at).follow().
			wantCount(`[data-testid="index-row"]`, 2).wantText("table", "n_1_owner_-1", text("indexes.unique"))
		b.submit(b.get(at), at, "fields", "n, owner:-1", "unique", "true").want(422).wantError(text("error.index_exists", "name", "n_1_owner_-1"))
		twice := b.submit(b.get(paths.NewDocument(shop, shopTest, "todos", paths.Browse{})), add, "text", `{"n":{"$numberLong":"5"}}`).want(422)
		twice.wantError(text("document.duplicate", "index", "n_1_owner_-1", "key", "n: 5, owner: null"))
		b.get(paths.AskDeleteIndex(shop, shopTest, "todos", "_id_")).want(404)
		ask := b.get(paths.AskDeleteIndex(shop, shopTest, "todos", "n_1_owner_-1")).want(200).wantText("main", "n:1, owner:-1")
		b.submit(ask, at+"/delete").wantRedirect(at).follow().wantCount(`[data-testid="index-row"]`, 1)
		b.forge(at+"/delete", "index", "_id_").want(404)
	})
	t.Run("deleting a collection says what goes", func(t *testing.T) {
		at := paths.DeleteCollection(shop, shopTest, "todos")
		page := b.get(at).want(200).wantText("main", "2")
		b.submit(page, at).want(422).wantError(text("error.name_typed", "name", "todos"))
		b.submit(page, at, "name", "todos").wantRedirect(paths.Collections(shop, shopTest))
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
	refused := b.submit(b.get(at), paths.ExportDocuments(shop, shopTest, "hello"), "format", "csv", "filter", "{oops").want(422)
	refused.wantCount(`#f-filter[value="{oops"]`, 1).wantCount(`#f-format option[value="csv"][selected]`, 1)
	for _, name := range []string{"more.xlsx", "more.txt", "more"} {
		refused = b.upload(paths.ImportDocuments(shop, shopTest, "hello"), token, []string{"mode", "upsert", "stop", "true"}, "file", name, "{}").want(422).wantError(text("error.import_type"))
		refused.wantCount(`#f-mode option[value="upsert"][selected]`, 1).wantCount(`#transfer-stop[checked]`, 1)
	}
	b.upload(paths.ImportDocuments(shop, shopTest, "hello"), token, []string{"mode", "insert"}, "file", "empty.json", "").want(422).wantError(text("error.transfer_empty"))
	b.upload(paths.ImportDocuments(shop, shopTest, "hello"), "forged", []string{"mode", "insert"}, "file", "more.csv", "a\n1").want(403)
	b.forge(paths.CancelTransfer(shop, shopTest, "hello", export)).want(409)
	b.forge(paths.ResumeTransfer(shop, shopTest, "hello", export)).want(409)
}

// TestALargeFileIsImportedAsItArrives sends more than a form with files may hold.
func TestALargeFileIsImportedAsItArrives(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	k.data()
	at := paths.Transfers(shop, shopTest, "hello")
	line := `{"n":1` + strings.Repeat(" ", 1<<20) + "}\n"
	b.upload(paths.ImportDocuments(shop, shopTest, "hello"), b.token(at), []string{"mode", "insert"}, "file", "large.jsonl", strings.Repeat(line, 70)).wantRedirect(at)
	list, err := k.kit.Services.Transfers.List(t.Context(), testkit.Actor, shop, shopTest, "hello")
	must(t, err)
	got := k.ended(list[0].ID)
	if got.Status != models.TransferDone || got.Documents != 70 || got.Failed != 0 || got.Bytes != int64(70*len(line)) {
		t.Errorf("%+v", got)
	}
}

// TestARunningTransferShowsHowFarItIs looks at one that waits and one half-way.
func TestARunningTransferShowsHowFarItIs(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	k.data()
	now := time.Now().UTC()
	must(t, k.kit.Store.Transfers.Insert(t.Context(), models.Transfer{
		ID: "zz", EnvironmentID: shopTest, AppID: shop, Collection: "hello", Kind: models.TransferImport, Format: "json", Mode: models.ImportInsert, FileName: "half.json",
		Fields: []string{}, Errors: []models.TransferError{}, Bytes: 200, BytesDone: 84, Status: models.TransferRunning, ActorName: "a", CreatedAt: now, UpdatedAt: now,
	}))
	page := b.get(paths.Transfers(shop, shopTest, "hello")).want(200)
	page.wantCount(`progress[value="42"][max="100"][aria-label]`, 1).wantText("#transfer-zz-row", "42%").wantCount("#transfer-zz-cancel", 1).wantCount("noscript", 1)
	b.forge(paths.CancelTransfer(shop, shopTest, "hello", "zz")).want(303)
	b.get(paths.Transfers(shop, shopTest, "hello")).wantCount("progress", 0).wantCount("#transfer-zz-resume", 1).wantCount("noscript", 0)
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
	b.get(paths.NewDocument(diner, shopTest, "hello", paths.Browse{})).want(403)
	b.get(paths.Storage(diner, shopTest)).want(200).wantText(`[data-testid="file-row"] .menu-panel`, i18nWhy(models.StorageOperate)).wantCount(`[data-testid="file-row"] .menu-panel a`, 0).
		wantText("main", i18nWhy(models.StorageOperate)).wantCount("#upload", 0)
	for _, ask := range []string{paths.AskMoveFile(diner, shopTest, "a.txt"), paths.AskDeleteFile(diner, shopTest, "a.txt")} {
		b.get(ask).want(403)
	}
	for _, post := range []string{
		paths.Collections(diner, shopTest), paths.Documents(diner, shopTest, "hello"), paths.Indexes(diner, shopTest, "hello"),
		paths.DeleteCollection(diner, shopTest, "hello"), paths.ExportDocuments(diner, shopTest, "hello"), paths.ImportDocuments(diner, shopTest, "hello"),
		paths.Storage(diner, shopTest), paths.MoveFile(diner, shopTest), paths.DeleteFile(diner, shopTest),
	} {
		b.forge(post, "name", "x", "path", "a.txt", "from", "a.txt", "to", "b.txt", "text", "{}").want(403)
	}
}
