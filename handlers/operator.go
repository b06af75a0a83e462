package handlers

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views/operator"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// operatorQuery is the part of an address that says which of the installation's
// principals, apps or users are listed.
type operatorQuery struct {
	Text      string `query:"q"`
	Principal string `query:"principal"`
}

func bindOperator(c echo.Context) (operatorQuery, models.PageRequest, error) {
	var q operatorQuery
	if err := form.Bind(c, &q); err != nil {
		return q, models.PageRequest{}, err
	}
	page, err := requestedPage(c)
	return q, page, err
}

// address is a list with what is looked for.
func (q operatorQuery) address(list string) string {
	return auditQuery{}.address(list, "q", q.Text, "principal", q.Principal)
}

// OperatorSystem is how the installation is, and how it is set.
type OperatorSystem struct{ pages }

func (h OperatorSystem) health(c echo.Context) error {
	ctx := c.Request().Context()
	found, err := h.services.Operator.Health(ctx, session.Actor(c))
	if err != nil {
		return err
	}
	page := operator.HealthPage{
		Base: render.Base(c, ""), Version: found.Version, Go: found.Go, GatewayURL: found.GatewayURL,
		Database: databaseName(found.Database.Dialect) + " " + found.Database.Version, DatabaseSize: sizeOrNone(found.Database.Bytes),
		DocumentSize: sizeOrNone(found.DocumentBytes), Files: number(found.Files.Files), FileSize: size(found.Files.Bytes),
		Migrations: number(found.Database.Steps), LastMigration: found.Database.Last,
	}
	if !found.StartedAt.IsZero() {
		page.Started, page.Uptime = h.minute(found.StartedAt), uptime(ctx, found.Now.Sub(found.StartedAt))
	}
	if found.DiskTotal > 0 {
		page.DiskFree, page.DiskTotal = size(found.DiskFree), size(found.DiskTotal)
		page.DiskLow = found.DiskFree < found.DiskTotal/20
	}
	if found.ErrorsLastHour >= 0 {
		page.Errors, page.HasErrors = number(found.ErrorsLastHour), found.ErrorsLastHour > 0
	}
	if w := found.Workers; w != nil {
		page.Workers = &operator.Workers{
			Serving: number(w.Workers), Busy: number(w.Busy), Starting: number(w.Starting), Spares: number(w.Spares), Queued: number(w.Queued),
		}
	}
	return render.Page(c, http.StatusOK, operator.Health(page))
}

func databaseName(dialect string) string {
	if dialect == "postgres" {
		return "PostgreSQL"
	}
	return "SQLite"
}

// sizeOrNone is size, "" for what is not known.
func sizeOrNone(bytes int64) string {
	if bytes < 0 {
		return ""
	}
	return size(bytes)
}

// uptime prints how long something has run.
func uptime(ctx context.Context, d time.Duration) string {
	minutes := int(d.Minutes())
	switch {
	case minutes < 1:
		return i18n.T(ctx, "operator_health.up_seconds")
	case minutes < 60:
		return i18n.T(ctx, "operator_health.up_minutes", "n", minutes)
	case minutes < 48*60:
		return i18n.T(ctx, "operator_health.up_hours", "n", minutes/60)
	}
	return i18n.T(ctx, "operator_health.up_days", "n", minutes/60/24)
}

func (h OperatorSystem) settings(c echo.Context) error {
	ctx := c.Request().Context()
	found, err := h.services.Operator.Settings(ctx, session.Actor(c))
	if err != nil {
		return err
	}
	page := operator.SettingsPage{Base: render.Base(c, "")}
	for _, s := range found {
		page.Settings = append(page.Settings, operator.Setting{
			Name: s.Name, Value: s.Value, Help: s.Help, Source: settingSource(ctx, s), Default: s.Source == "default",
		})
	}
	return render.Page(c, http.StatusOK, operator.Settings(page))
}

// settingSource says where a setting comes from.
func settingSource(ctx context.Context, s service.Setting) string {
	switch s.Source {
	case "flag":
		return i18n.T(ctx, "operator_settings.flag")
	case "variable":
		return i18n.T(ctx, "operator_settings.variable")
	case "file":
		return i18n.T(ctx, "operator_settings.file")
	}
	return i18n.T(ctx, "operator_settings.default")
}

// yes is the value of a box that is ticked.
const yes = "yes"

// countOf prints how many there are, "" for none.
func countOf(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
