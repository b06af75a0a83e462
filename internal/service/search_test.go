package service

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"envshare/models"
)

// found says in one line what a search found.
func found(t *testing.T, w *world, actor models.Actor, app, text string) string {
	t.Helper()
	f, err := w.Search.Find(t.Context(), actor, app, text)
	must(t, err)
	var out []string
	for _, e := range f.Environments.Own {
		out = append(out, "own "+e.ID)
	}
	for _, b := range f.Environments.Borrowed {
		out = append(out, "borrowed "+b.Environment.ID)
	}
	for _, fn := range f.Functions {
		out = append(out, "function "+fn.Environment.ID+"/"+fn.Name)
	}
	for _, s := range f.Lends.Shares {
		out = append(out, "lends "+s.Other.AppID)
	}
	for _, s := range f.Borrows.Shares {
		out = append(out, "borrows "+s.Other.AppID)
	}
	same(t, len(out) == 0, f.None())
	return strings.Join(out, ", ")
}

func TestSearchFindsWhatMayBeSeen(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.deploy(t, "shop-1", "orderCreate", "one")
		w.deploy(t, "shop-2", "orderCancel", "two")
		_, err := w.Functions.Deploy(t.Context(), models.SystemActor("test"), kitchen, "kitchen-1", Deployment{Name: "orderSecret", Source: source(t, "three")})
		must(t, err)
		in := with(ShareInput{GranteeAppID: diner, Note: "order 100%"}, models.NewPermissionSet(models.FunctionsInvoke), "shop-2")
		in.Grants = append(in.Grants, models.Grant{EnvironmentID: "shop-1", Permissions: models.NewPermissionSet(models.FunctionsView)})
		_, err = w.Sharing.Share(t.Context(), shopAdmin, shop, in)
		must(t, err)

		for _, c := range []struct {
			name      string
			actor     models.Actor
			app, text string
			want      string
		}{
			{"own functions of every environment, and the note of a share", shopAdmin, shop, " ORDER ", "function shop-2/orderCancel, function shop-1/orderCreate, lends " + diner},
			{"only where functions may be viewed", dinerAdmin, diner, "order", "function shop-1/orderCreate, borrows " + shop},
			{"environments by id", shopAdmin, shop, "p-1", "own shop-1"},
			{"borrowed environments by their owner", dinerAdmin, diner, "app " + shop, "borrowed shop-2, borrowed shop-1, borrows " + shop},
			{"a percent sign is no wildcard", shopAdmin, shop, "%", "lends " + diner},
			{"nothing for nothing", shopAdmin, shop, "  ", ""},
			{"a long text is cut", shopAdmin, shop, strings.Repeat("订", 10_000), ""},
		} {
			t.Run(c.name, func(t *testing.T) { same(t, c.want, found(t, w, c.actor, c.app, c.text)) })
		}

		_, err = w.Search.Find(t.Context(), dinerAdmin, shop, "order")
		wantError(t, err, models.CodeNotFound, "error.not_found")
		_, err = w.Search.Find(t.Context(), models.Actor{}, shop, "order")
		wantError(t, err, models.CodeUnauthenticated, "error.unauthenticated")
	})
}

func TestSearchShowsTheFirstOfMany(t *testing.T) {
	w := sqliteWorld(t)
	for _, name := range strings.Split("abcdefghijk", "") {
		w.deploy(t, "shop-1", "many_"+name, "x")
	}
	f, err := w.Search.Find(t.Context(), shopAdmin, shop, "many_")
	must(t, err)
	same(t, maxFound, len(f.Functions))
	same(t, true, f.MoreFunctions)
	same(t, "many_a", f.Functions[0].Name)
	same(t, false, f.Partly)
	for i := range MaxSearched {
		must(t, w.store.Environments.Insert(t.Context(), models.Environment{ID: fmt.Sprintf("shop-more-%d", i), AppID: shop, Name: "more", CreatedAt: start.Add(time.Hour)}))
	}
	f, err = w.Search.Find(t.Context(), shopAdmin, shop, "many_")
	must(t, err)
	same(t, maxFound, len(f.Functions))
	same(t, true, f.Partly)
}
