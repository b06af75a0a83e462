package handlers

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views/shares"
	"envshare/views/ui"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// Shares is what an app lends, and what is lent to it.
type Shares struct{ pages }

type sharesQuery struct {
	Tab         string `query:"tab"`
	Text        string `query:"q"`
	State       string `query:"state"`
	Environment string `query:"env"`
	Permission  string `query:"perm"`
	Sort        string `query:"sort"`
}

func (q sharesQuery) withMe() bool { return q.Tab == "with-me" }

func (q sharesQuery) filter() models.ShareFilter {
	return models.ShareFilter{
		Text: q.Text, State: models.ShareListState(q.State), EnvironmentID: q.Environment,
		Permission: models.Permission(q.Permission), Sort: models.ShareSort(q.Sort),
	}.Clean()
}

func (h Shares) index(c echo.Context) error {
	var q sharesQuery
	if err := form.Bind(c, &q); err != nil {
		return err
	}
	request, err := requestedPage(c)
	if err != nil {
		return err
	}
	p, err := h.enter(c)
	if err != nil {
		return err
	}
	ctx, app := c.Request().Context(), p.App.AppID
	found, err := h.services.Sharing.Search(ctx, session.Actor(c), app, q.withMe(), q.filter(), request)
	if err != nil {
		return err
	}
	page := h.indexPage(ctx, app, q, found)
	offered, err := h.services.Apps.Environments(ctx, session.Actor(c), app, service.EnvironmentFilter{OwnOnly: !q.withMe(), BorrowedOnly: q.withMe()},
		models.PageRequest{Page: 1, Size: mostOffered})
	if err != nil {
		return err
	}
	page.Filter = shareFilter(ctx, app, q, found, offered)
	page.Base = h.base(c, p, tabSharing)
	if !p.SharingOn && p.MayEnableSharing.Allowed {
		page.EnableHref = paths.Extensions(app)
	}
	return render.Page(c, http.StatusOK, shares.Index(page))
}

// indexPage is the list of one direction, with counts of both.
func (h Shares) indexPage(ctx context.Context, app string, q sharesQuery, found service.ShareList) shares.IndexPage {
	page := shares.IndexPage{
		AppID: app, WithMe: q.withMe(),
		ByMeCount: number(found.TotalOutgoing), WithMeCount: number(found.TotalIncoming),
		Calls7Days: number(found.Calls7Days), Denied7Days: number(found.Denied7Days),
		CallsBefore: i18n.T(ctx, "shares.week_before", "count", number(found.CallsBefore)),
		CanShare:    found.MayShare.Allowed, WhyNot: reason(ctx, found.MayShare),
		CanLeave: found.MayLeave.Allowed, WhyNotLeave: reason(ctx, found.MayLeave),
		Pagination: sharesPagination(ctx, app, q, found),
	}
	if found.Denied7Days > 0 {
		page.RefusedHref = paths.Denials(app, paths.DenialQuery{Borrowed: q.withMe()})
	}
	for _, s := range found.Shares {
		if q.withMe() {
			page.Incoming = append(page.Incoming, h.incomingRow(app, s))
			continue
		}
		page.ByMe = append(page.ByMe, h.shareRow(ctx, app, s))
	}
	return page
}

// sharesPagination also says which of how many pages is shown.
func sharesPagination(ctx context.Context, app string, q sharesQuery, found service.ShareList) ui.PaginationProps {
	filter := q.filter()
	total, size := found.Counts.In(filter.State), int64(found.Page.Size)
	foot := pagination(ctx, paths.SharesQuery(app, shareQuery(q.withMe(), filter)), found.Page, total)
	if total > size {
		foot.Text = i18n.T(ctx, "shares.page", "total", number(total), "page", number(found.Page.Page), "pages", number((total+size-1)/size))
	}
	return foot
}

// find loads the share that a route names.
func (h Shares) find(c echo.Context) (place, service.ListedShare, error) {
	p, err := h.enter(c)
	if err != nil {
		return place{}, service.ListedShare{}, err
	}
	s, err := h.services.Sharing.Get(c.Request().Context(), session.Actor(c), p.App.AppID, c.Param(shareParam))
	return p, s, err
}

// lent loads the outgoing share that a route names, for somebody who may change
// it.
func (h Shares) lent(c echo.Context) (place, service.ListedShare, error) {
	p, s, err := h.find(c)
	if err != nil {
		return place{}, service.ListedShare{}, err
	}
	return p, s, s.MayManage.Err()
}
