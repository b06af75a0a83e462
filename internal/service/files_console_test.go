package service

import (
	"io"
	"strings"
	"testing"
	"time"

	"envshare/models"
)

// openTicket reads a file by the ticket in an address of the gateway, as the
// gateway would.
func (w *world) openTicket(t testing.TB, address string) (string, error) {
	t.Helper()
	_, text, _ := strings.Cut(address, DownloadPath)
	file, err := w.Files.Open(t.Context(), text)
	if err != nil {
		return "", err
	}
	body, err := file.Range(t.Context(), 0, -1)
	must(t, err)
	raw, err := io.ReadAll(body)
	must(t, err)
	must(t, body.Close())
	return string(raw), nil
}

// filesWorld has a file in shop-1, which diner borrows to look at it.
func filesWorld(t *testing.T, w *world) models.Share {
	t.Helper()
	ctx := t.Context()
	must(t, w.Credentials.SetGatewayURL(ctx, "http://gateway.test"))
	_, err := w.Files.Store(ctx, shopAdmin, shop, "shop-1", "a/b.txt", strings.NewReader("secret"))
	must(t, err)
	share, err := w.Sharing.Share(ctx, shopAdmin, shop, with(input(diner, "shop-1"), models.NewPermissionSet(models.StorageView), "shop-1"))
	must(t, err)
	return share
}

func TestS6_ATicketOfTheConsoleEndsWithTheShare(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		share := filesWorld(t, w)
		address, err := w.Files.ShowURL(ctx, dinerViewer, diner, "shop-1", "a/b.txt", false)
		must(t, err)
		opens := func() {
			t.Helper()
			text, err := w.openTicket(t, address)
			must(t, err)
			same(t, "secret", text)
		}
		refused := func() {
			t.Helper()
			_, err := w.openTicket(t, address)
			wantError(t, err, models.CodeForbidden, "error.file_ticket")
		}
		opens()

		must(t, w.Sharing.Pause(ctx, shopAdmin, shop, share.ID))
		refused()
		must(t, w.Sharing.Resume(ctx, shopAdmin, shop, share.ID))
		opens()

		must(t, w.store.Users.RemoveMembership(ctx, dinerViewer.UserID, diner))
		refused()
		must(t, w.store.Users.SetMembership(ctx, models.Membership{UserID: dinerViewer.UserID, AppID: diner, Role: models.RoleViewer}))
		opens()

		must(t, w.Sharing.Remove(ctx, shopAdmin, shop, share.ID))
		refused()
		_, err = w.Sharing.Share(ctx, shopAdmin, shop, with(input(diner, "shop-1"), models.NewPermissionSet(models.FunctionsView), "shop-1"))
		must(t, err)
		refused() // a share without storage.view

		own, err := w.Files.ShowURL(ctx, shopViewer, shop, "shop-1", "a/b.txt", true)
		must(t, err)
		_, err = w.openTicket(t, own)
		must(t, err)
		w.clock.advance(consoleTicket + time.Second)
		_, err = w.openTicket(t, own)
		wantError(t, err, models.CodeForbidden, "error.file_ticket")
	})
}

func TestFoldersMoveAndGoAsAWhole(t *testing.T) {
	w := sqliteWorld(t)
	ctx := t.Context()
	filesWorld(t, w)
	for _, path := range []string{"a/c/d.txt", "e/b.txt"} {
		_, err := w.Files.Store(ctx, shopAdmin, shop, "shop-1", path, strings.NewReader("12345"))
		must(t, err)
	}
	sum, err := w.Files.Holds(ctx, dinerViewer, diner, "shop-1", "a/")
	must(t, err)
	same(t, [2]int64{2, 11}, [2]int64{sum.Files, sum.Bytes})
	_, err = w.Files.Holds(ctx, outsider, shop, "shop-1", "a/")
	wantError(t, err, models.CodeNotFound, "error.not_found")

	for _, path := range []string{"nothing/", "/", "a/../", "a//", "", "nothing.txt"} {
		wantError(t, w.Files.Remove(ctx, shopAdmin, shop, "shop-1", path), models.CodeFileUnknown, "call.file_unknown")
	}
	wantError(t, w.Files.Remove(ctx, dinerAdmin, diner, "shop-1", "a/"), models.CodeForbidden, "error.permission_not_granted")
	wantError(t, w.Files.Move(ctx, shopAdmin, shop, "shop-1", "a/", "e/"), models.CodeConflict, "error.file_exists")
	wantError(t, w.Files.Move(ctx, shopAdmin, shop, "shop-1", "a/", "a/c/"), models.CodeInvalid, "error.folder_into_itself")
	must(t, w.Files.Move(ctx, shopAdmin, shop, "shop-1", "a/", "f/g/"))
	moved, err := w.Files.Get(ctx, shopAdmin, shop, "shop-1", "f/g/c/d.txt")
	must(t, err)
	same(t, int64(5), moved.Size)
	must(t, w.Files.Remove(ctx, shopAdmin, shop, "shop-1", "f/"))
	left, err := w.Files.List(ctx, shopAdmin, shop, "shop-1", "", "")
	must(t, err)
	same(t, []string{"e"}, left.Folders)
}
