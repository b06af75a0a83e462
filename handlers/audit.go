package handlers

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/views/audit"
	"envshare/views/operator"
	"envshare/web/render"
	"envshare/web/session"
)

// Audit is what was recorded of an app (S14).
type Audit struct{ pages }

func (h Audit) index(c echo.Context) error {
	q, filter, errs, err := h.bindAudit(c)
	if err != nil {
		return err
	}
	p, err := h.enter(c)
	if err != nil {
		return err
	}
	ctx, actor, app := c.Request().Context(), session.Actor(c), p.App.AppID
	reader, err := h.auditReader(c, p)
	if err != nil {
		return err
	}
	status := http.StatusOK
	var found service.FoundEvents
	if len(errs) == 0 {
		found, err = h.services.Audit.Of(ctx, actor, app, q.page(filter))
		errs = models.FieldErrors(err)
	}
	switch {
	case len(errs) > 0:
		status = http.StatusUnprocessableEntity
	case err != nil:
		return err
	}
	list := reader.list(ctx, q, found, errs)
	offered, err := h.services.Apps.Environments(ctx, actor, app, service.EnvironmentFilter{}, models.PageRequest{Page: 1, Size: mostOffered})
	if err != nil {
		return err
	}
	list.Environments = auditEnvironments(ctx, offered, q.Environment)
	return render.Page(c, status, audit.Index(audit.IndexPage{
		Base: h.base(c, p, tabSettings), AppID: app, EnvID: p.environmentID(), List: list,
	}))
}

func (h Audit) show(c echo.Context) error {
	p, err := h.enter(c)
	if err != nil {
		return err
	}
	ctx, app := c.Request().Context(), p.App.AppID
	e, apps, err := h.services.Audit.EventOf(ctx, session.Actor(c), app, c.Param(eventParam))
	if err != nil {
		return err
	}
	reader, err := h.auditReader(c, p)
	if err != nil {
		return err
	}
	reader.apps = apps
	return render.Page(c, http.StatusOK, audit.Event(audit.EventPage{
		Base: h.base(c, p, tabSettings), AppID: app, EnvID: p.environmentID(), Event: reader.event(ctx, e),
	}))
}

func (h Audit) export(c echo.Context) error {
	p, err := h.enter(c)
	if err != nil {
		return err
	}
	reader, err := h.auditReader(c, p)
	if err != nil {
		return err
	}
	return h.exportAudit(c, reader, p.App.AppID)
}

// auditReader shows the log of an app. It names the environments that can be seen
// from the app now; of others, the ids were recorded.
func (h pages) auditReader(c echo.Context, p place) (auditReader, error) {
	app := p.App.AppID
	names, err := h.services.Apps.EnvironmentNames(c.Request().Context(), session.Actor(c), app)
	return auditReader{pages: h, app: app, address: paths.Audit(app), environments: names}, err
}

// OperatorAudit is what was recorded of the installation.
type OperatorAudit struct{ pages }

func (h OperatorAudit) reader() auditReader {
	return auditReader{pages: h.pages, address: paths.OperatorAudit()}
}

func (h OperatorAudit) index(c echo.Context) error {
	q, filter, errs, err := h.bindAudit(c)
	if err != nil {
		return err
	}
	ctx, status := c.Request().Context(), http.StatusOK
	found, err := h.services.Audit.OfInstallation(ctx, session.Actor(c), q.page(filter))
	if refused := models.FieldErrors(err); refused != nil {
		errs, err = refused, nil
	}
	if err != nil {
		return err
	}
	if len(errs) > 0 {
		status, found = http.StatusUnprocessableEntity, service.FoundEvents{}
	}
	return render.Page(c, status, operator.Audit(operator.AuditPage{
		Base: render.Base(c, ""), List: h.reader().list(ctx, q, found, errs),
	}))
}

func (h OperatorAudit) show(c echo.Context) error {
	ctx := c.Request().Context()
	e, err := h.services.Audit.EventOfInstallation(ctx, session.Actor(c), c.Param(eventParam))
	if err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, operator.AuditEvent(operator.AuditEventPage{
		Base: render.Base(c, ""), Event: h.reader().event(ctx, e),
	}))
}

func (h OperatorAudit) export(c echo.Context) error { return h.exportAudit(c, h.reader(), "") }

// list is a page of a log with its filters.
func (r auditReader) list(ctx context.Context, q auditQuery, found service.FoundEvents, errs views.Errors) audit.List {
	r.apps = found.Apps
	list := audit.List{
		Address: r.address, Export: q.address(paths.ExportAudit(r.address)), Filtered: q.filtered(), Errors: errs,
		Groups: auditGroups(ctx, q.Group), Actor: q.Actor, From: q.From, Until: q.Until, Subject: q.Subject,
		Pagination: q.pagination(ctx, r.address, found), Zone: r.zoneName(),
	}
	for _, e := range found.Events {
		list.Rows = append(list.Rows, r.row(ctx, e))
	}
	return list
}
