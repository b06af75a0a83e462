package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/models"
	"envshare/views"
	"envshare/views/shares"
	"envshare/web/session"
)

// conflicted shows a form that was opened on an older state than the stored one:
// the newer state beside what was filled in. Saving again is over what is there
// now.
func (h Shares) conflicted(c echo.Context, f shareForm) error {
	p, err := h.enter(c)
	if err != nil {
		return err
	}
	ctx, actor := c.Request().Context(), session.Actor(c)
	found, err := h.lookUp(c, f.To)
	if err != nil {
		return err
	}
	if found.Existing == nil {
		return h.ended(c, f)
	}
	s, err := h.services.Sharing.Get(ctx, actor, p.App.AppID, found.Existing.ID)
	if models.IsCode(err, models.CodeNotFound) {
		return h.ended(c, f)
	}
	if err != nil {
		return err
	}
	page := h.editPage(p, s)
	offered, err := h.services.Sharing.Offered(ctx, actor, p.App.AppID)
	if err != nil {
		return err
	}
	own := map[string]models.Environment{}
	for _, e := range offered {
		own[e.ID] = e.Environment
	}
	page.Conflict = &shares.Conflict{Mine: h.snapshot(f.share(), own)}
	page.Conflict.Who, page.Conflict.When, err = h.changedBy(ctx, actor, p.App.AppID, s.Share)
	if err != nil {
		return err
	}
	f.Version = s.Share.Version
	return h.form(c, http.StatusConflict, p, f, page)
}

// ended shows what was filled in for a share that somebody ended meanwhile: it can
// be saved as a new one. Where none can be made, the share is not found.
func (h Shares) ended(c echo.Context, f shareForm) error {
	found, err := h.lookUp(c, f.To)
	if err != nil {
		return err
	}
	if !found.Allowed.Allowed {
		return models.E(models.CodeNotFound, "error.not_found")
	}
	if found.Existing != nil {
		return h.conflicted(c, f)
	}
	f.Version = 0
	return h.again(c, http.StatusConflict, f, found, shares.FormPage{Conflict: &shares.Conflict{Ended: true}})
}

// snapshot is a state of a share of one's own environments, ready to print.
func (h Shares) snapshot(s models.Share, own map[string]models.Environment) shares.Snapshot {
	out := shares.Snapshot{Until: h.minuteOrNone(s.Until), Note: s.Note}
	if s.Until != nil {
		out.UntilValue = s.Until.In(h.zone).Format(minuteLayout)
	}
	for _, g := range s.Grants {
		out.Grants = append(out.Grants, views.GrantRow{EnvironmentID: g.EnvironmentID, EnvironmentName: own[g.EnvironmentID].Name, Permissions: g.Permissions})
	}
	return out
}
