package handlers

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/views/functions"
	"envshare/views/ui"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// FunctionConfigure is the configuration of a function.
type FunctionConfigure struct{ pages }

// configureForm keeps numbers as they were typed, so that a refused form shows
// them again. Names and values of variables stand in the same order.
type configureForm struct {
	Timeout     string   `form:"timeout"`
	Memory      string   `form:"memory"`
	Concurrency string   `form:"concurrency"`
	Names       []string `form:"variable_name"`
	Values      []string `form:"variable_value" trim:"no"`
	Seen        string   `form:"seen"`
}

// settings converts the form; a number that is none becomes one that no limit
// allows.
func (f configureForm) settings() (service.FunctionSettings, error) {
	variables, err := f.variables()
	return service.FunctionSettings{
		TimeoutSeconds: typedNumber(f.Timeout), MemoryMB: typedNumber(f.Memory), Concurrency: typedNumber(f.Concurrency),
		Variables: variables, Seen: f.Seen,
	}, err
}

func typedNumber(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

// variables reads the rows; those without a name do not count.
func (f configureForm) variables() (map[string]string, error) {
	variables := map[string]string{}
	for i, name := range f.Names {
		value := ""
		if i < len(f.Values) {
			value = strings.ReplaceAll(f.Values[i], "\r\n", "\n")
		}
		if name == "" && value == "" {
			continue
		}
		if _, twice := variables[name]; twice {
			return nil, models.Fields{"variables": models.M("error.variable_twice", "name", name)}.Err()
		}
		variables[name] = value
	}
	return variables, nil
}

// rows are the variables as typed, with room for more.
func (f configureForm) rows(more int) []functions.VariableRow {
	var rows []functions.VariableRow
	for i, name := range f.Names {
		row := functions.VariableRow{Name: name}
		if i < len(f.Values) {
			row.Value = f.Values[i]
		}
		if row.Name != "" || row.Value != "" {
			rows = append(rows, row)
		}
	}
	rows = append(rows, make([]functions.VariableRow, more)...)
	for i := range rows {
		rows[i].ID = strconv.Itoa(i + 1)
	}
	return rows
}

// hiddenValue stands for the value of a variable that the person may not see.
const hiddenValue = "••••••"

// emptyRows is how many variables may be added at once without JavaScript.
const emptyRows = 2

// configured is the form with what a function is configured with, in order of
// names. Values are often secrets: who may not change them sees the names alone.
func configured(f models.Function, values bool) configureForm {
	out := configureForm{Timeout: strconv.Itoa(f.TimeoutSeconds), Memory: strconv.Itoa(f.MemoryMB), Concurrency: strconv.Itoa(f.Concurrency)}
	for _, name := range slices.Sorted(maps.Keys(f.Variables)) {
		value := hiddenValue
		if values {
			value = f.Variables[name]
		}
		out.Names, out.Values = append(out.Names, name), append(out.Values, value)
	}
	if values {
		out.Seen = service.SettingsOf(f).Digest()
	}
	return out
}

func (h FunctionConfigure) edit(c echo.Context) error {
	p, f, err := h.function(c)
	if err != nil {
		return err
	}
	return h.page(c, http.StatusOK, p, f, configured(f, p.opened.MayChangeFunction(f.Name).Allowed), nil, nil)
}

func (h FunctionConfigure) update(c echo.Context) error {
	var typed configureForm
	if err := form.Bind(c, &typed); err != nil {
		return err
	}
	p, f, err := h.function(c)
	if err != nil {
		return err
	}
	if err := p.opened.MayChangeFunction(f.Name).Err(); err != nil {
		return err
	}
	settings, err := typed.settings()
	if err == nil {
		err = h.services.Functions.Configure(c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID(), f.Name, settings)
	}
	if models.IsCode(err, models.CodeConflict) {
		// What was typed stays; saving again is over what is there now.
		now := configured(f, true)
		typed.Seen = now.Seen
		return h.page(c, http.StatusConflict, p, f, typed, views.Errors{"seen": models.MsgOf(err)}, &now)
	}
	if fields := models.FieldErrors(err); fields != nil {
		return h.page(c, http.StatusUnprocessableEntity, p, f, typed, fields, nil)
	}
	if err != nil {
		return err
	}
	return done(c, paths.ConfigureFunction(p.App.AppID, p.environmentID(), f.Name), "flash.function_configured", "name", f.Name)
}

func (h FunctionConfigure) page(c echo.Context, status int, p place, f models.Function, typed configureForm, errs views.Errors, newer *configureForm) error {
	ctx := c.Request().Context()
	may := p.opened.MayChangeFunction(f.Name)
	page := functions.ConfigurePage{
		Base: h.base(c, p, tabFunctions), Head: h.head(ctx, p, f.Name, f.ActiveVersion),
		Timeout: typed.Timeout, MaxTimeout: strconv.Itoa(models.MaxTimeoutSeconds), Concurrency: typed.Concurrency,
		MaxConcurrency: strconv.Itoa(models.MaxConcurrency), Seen: typed.Seen,
		CanConfigure: may.Allowed, WhyNot: reason(ctx, may), Errors: errs,
	}
	if page.Variables = typed.rows(0); may.Allowed {
		page.Variables = typed.rows(emptyRows)
	}
	for _, mb := range models.MemorySizes() {
		value := strconv.Itoa(mb)
		page.Memory = append(page.Memory, ui.Option{Value: value, Label: value + " MB", Selected: value == typed.Memory})
	}
	if newer != nil {
		page.Newer = &functions.ConfigurationNow{
			Timeout: newer.Timeout + " s", Memory: newer.Memory + " MB", Concurrency: newer.Concurrency, Variables: newer.rows(0),
		}
	}
	return render.Page(c, status, functions.Configure(page))
}
