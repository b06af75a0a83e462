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
	"envshare/views/ui"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// functionConfigure is the configuration of a function.
type functionConfigure struct{ pages }

// configureForm keeps numbers as they were typed, so that a refused form shows
// them again.
type configureForm struct {
	Timeout     string `form:"timeout"`
	Memory      string `form:"memory"`
	Concurrency string `form:"concurrency"`
	Variables   string `form:"variables" trim:"no"`
}

// settings converts the form; a number that is none becomes one that no limit
// allows.
func (f configureForm) settings() (service.FunctionSettings, error) {
	variables, err := parseVariables(f.Variables)
	return service.FunctionSettings{
		TimeoutSeconds: typedNumber(f.Timeout), MemoryMB: typedNumber(f.Memory), Concurrency: typedNumber(f.Concurrency),
		Variables: variables,
	}, err
}

func typedNumber(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

// parseVariables reads lines KEY=VALUE; empty ones do not count.
func parseVariables(text string) (map[string]string, error) {
	variables := map[string]string{}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if strings.TrimSpace(line) == "" {
			continue
		}
		name, value, found := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if _, twice := variables[name]; !found || twice {
			return nil, (models.Fields{"variables": models.M("error.variable_line", "line", i+1)}).Err()
		}
		variables[name] = value
	}
	return variables, nil
}

// hiddenValue stands for the value of a variable that the person may not see.
const hiddenValue = "••••••"

// formatVariables is the inverse of parseVariables, in order of names. Values are
// often secrets: who may not change them is shown the names alone.
func formatVariables(variables map[string]string, values bool) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		value := hiddenValue
		if values {
			value = variables[name]
		}
		b.WriteString(name + "=" + value + "\n")
	}
	return b.String()
}

func (h functionConfigure) edit(c echo.Context) error {
	p, f, err := h.function(c)
	if err != nil {
		return err
	}
	return h.page(c, http.StatusOK, p, f, configureForm{
		Timeout: strconv.Itoa(f.TimeoutSeconds), Memory: strconv.Itoa(f.MemoryMB), Concurrency: strconv.Itoa(f.Concurrency),
		Variables: formatVariables(f.Variables, p.opened.MayChangeFunction(f.Name).Allowed),
	}, nil)
}

func (h functionConfigure) update(c echo.Context) error {
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
	if fields := models.FieldErrors(err); fields != nil {
		return h.page(c, http.StatusUnprocessableEntity, p, f, typed, fields)
	}
	if err != nil {
		return err
	}
	return done(c, paths.ConfigureFunction(p.App.AppID, p.environmentID(), f.Name), "flash.function_configured", "name", f.Name)
}

func (h functionConfigure) page(c echo.Context, status int, p place, f models.Function, typed configureForm, errs views.Errors) error {
	ctx := c.Request().Context()
	may := p.opened.MayChangeFunction(f.Name)
	page := views.FunctionConfigurePage{
		Base: h.base(c, p, tabFunctions), FunctionHead: h.head(ctx, p, f.Name, f.ActiveVersion),
		Timeout: typed.Timeout, Concurrency: typed.Concurrency, Variables: typed.Variables,
		CanConfigure: may.Allowed, WhyNot: reason(ctx, may), Errors: errs,
	}
	for _, mb := range models.MemorySizes() {
		value := strconv.Itoa(mb)
		page.Memory = append(page.Memory, ui.Option{Value: value, Label: value + " MB", Selected: value == typed.Memory})
	}
	return render.Page(c, status, views.FunctionConfigure(page))
}
