package handlers

import (
	"context"
	"slices"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/web/render"
)

// The tabs, by their keys in the catalogues.
const (
	tabOverview   = "nav.overview"
	tabUsers      = "nav.users"
	tabDatabase   = "nav.database"
	tabStorage    = "nav.storage"
	tabFunctions  = "nav.functions"
	tabStatistics = "nav.statistics"
	tabSharing    = "nav.sharing"
	tabSettings   = "nav.settings"
)

// base fills what a page in an app carries; tab is the one that it belongs to.
func (h pages) base(c echo.Context, p place, tab string) views.Base {
	base := render.Base(c, "")
	base.Nav = h.nav(c.Request().Context(), p, tab)
	return base
}

func (h pages) nav(ctx context.Context, p place, tab string) *views.Nav {
	n := &views.Nav{App: navApp(p.App), Tabs: tabs(ctx, p, tab), Searchable: p.MayOpen.Allowed, CanCreate: p.MayCreateEnvironment.Allowed}
	for _, a := range p.Apps {
		n.Apps = append(n.Apps, navApp(a))
	}
	n.Apps = first(n.Apps, n.App)
	for _, e := range p.Own {
		n.Own = append(n.Own, navOwn(p.App.AppID, e))
	}
	for _, b := range p.Borrowed {
		if b.Status == models.ShareActive {
			n.Borrowed = append(n.Borrowed, navBorrowed(p.App.AppID, b.Environment, b.Owner))
		}
	}
	if p.opened == nil {
		n.Own, n.Borrowed = first(n.Own), first(n.Borrowed)
		return n
	}
	n.WhyNotConfigure = reason(ctx, p.opened.MayConfigure())
	current := navOwn(p.App.AppID, p.opened.View.Environment)
	if p.opened.View.Borrowed() {
		current = navBorrowed(p.App.AppID, p.opened.View.Environment, p.opened.Owner)
		n.Strip = h.strip(*p.opened)
		n.Own, n.Borrowed = first(n.Own), first(n.Borrowed, current)
	} else {
		n.Own, n.Borrowed = first(n.Own, current), first(n.Borrowed)
	}
	n.Environment = &current
	return n
}

// first returns the entries of a switcher that are listed, the current one, if any,
// among them.
func first[T comparable](list []T, current ...T) []T {
	list = slices.Clip(list[:min(len(list), service.MaxSwitched)])
	for _, c := range current {
		if !slices.Contains(list, c) {
			list = append(list[:min(len(list), service.MaxSwitched-1)], c)
		}
	}
	return list
}

func navOwn(app string, e models.Environment) views.NavEnvironment {
	return views.NavEnvironment{ID: e.ID, Name: e.Name, Href: paths.Environment(app, e.ID)}
}

func navApp(a models.App) views.NavApp {
	return views.NavApp{AppID: a.AppID, Name: a.Name, Kind: a.Kind, Href: paths.App(a.AppID)}
}

func navBorrowed(app string, e models.Environment, owner models.App) views.NavEnvironment {
	return views.NavEnvironment{ID: e.ID, Name: e.Name, Borrowed: true, OwnerName: owner.Name, Href: paths.Environment(app, e.ID)}
}

// tabs are the top tabs. What belongs to an environment needs one; sharing is
// there while it is on (S1), or while others share with the app.
func tabs(ctx context.Context, p place, active string) []views.Tab {
	app, env := p.App.AppID, p.environmentID()
	overview := views.Tab{Label: tabOverview, Href: paths.App(app)}
	data := []views.Tab{}
	for _, label := range []string{tabUsers, tabDatabase, tabStorage, tabFunctions, tabStatistics} {
		data = append(data, views.Tab{Label: label, Disabled: true, Reason: i18n.T(ctx, "no_environment.tab")})
	}
	settings := views.Tab{Label: tabSettings, Href: paths.Extensions(app)}
	if p.opened != nil {
		overview.Href = paths.Environment(app, env)
		data = dataTabs(ctx, app, *p.opened)
		if p.opened.May(models.SettingsView).Allowed {
			settings.Href = paths.Settings(app, env)
		}
	}
	list := append([]views.Tab{overview}, data...)
	if p.SeesShares {
		list = append(list, views.Tab{Label: tabSharing, Href: paths.Shares(app)})
	}
	list = append(list, settings)
	for i := range list {
		list[i].Active = list[i].Label == active
	}
	return list
}

// dataTabs are what an environment holds; each is switched off, with the reason,
// for who may not see it.
func dataTabs(ctx context.Context, app string, o service.Opened) []views.Tab {
	env := o.View.Environment.ID
	list := []struct {
		permission models.Permission
		tab        views.Tab
	}{
		{models.UsersView, views.Tab{Label: tabUsers, Href: paths.Visitors(app, env)}},
		{models.DatabaseView, views.Tab{Label: tabDatabase, Href: paths.Collections(app, env)}},
		{models.StorageView, views.Tab{Label: tabStorage, Href: paths.Storage(app, env)}},
		{models.FunctionsView, views.Tab{Label: tabFunctions, Href: paths.Functions(app, env)}},
		{models.StatisticsView, views.Tab{Label: tabStatistics, Href: paths.Statistics(app, env)}},
	}
	out := make([]views.Tab, len(list))
	for i, one := range list {
		out[i] = one.tab
		if d := o.May(one.permission); !d.Allowed {
			out[i] = views.Tab{Label: one.tab.Label, Disabled: true, Reason: reason(ctx, d)}
		}
	}
	return out
}

// strip says whose a borrowed environment is, and what the person may do there.
func (h pages) strip(o service.Opened) *views.Strip {
	s := &views.Strip{OwnerName: o.Owner.Name, DetailHref: paths.SharesWithMe(o.App.AppID)}
	if o.View.Share != nil {
		s.Until = h.minuteOrNone(o.View.Share.Until)
	}
	for _, p := range o.Permitted.List() {
		s.PermissionLabels = append(s.PermissionLabels, "permission."+string(p))
	}
	return s
}
