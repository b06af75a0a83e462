package service

import (
	"embed"
	"io/fs"
	"path"
	"slices"

	"envshare/models"
)

// templateFiles holds one folder per template.
//
//go:embed templates
var templateFiles embed.FS

// Template names.
const (
	TemplateHello    = "hello"
	TemplateAuth     = models.AuthFunction
	TemplateCaller   = "caller"
	TemplateDatabase = "database"
	TemplateEmpty    = "empty"
)

// Templates returns the names of the templates that a new function can start
// from, the plainest first. Anybody may call it.
func (s *Functions) Templates() []string {
	return []string{TemplateHello, TemplateAuth, TemplateCaller, TemplateDatabase, TemplateEmpty}
}

// TemplateSource returns the code of a template for a function of this name.
// Anybody may call it; deploying it is what needs a permission. Field errors
// template (there is none of that name) and name (the gate for other apps works
// under one name only).
func (s *Functions) TemplateSource(template, name string) (Source, error) {
	fields := models.Fields{}
	if !slices.Contains(s.Templates(), template) {
		fields.Add("template", "error.template_unknown")
	}
	if template == TemplateAuth && name != models.AuthFunction {
		fields.Add("name", "error.template_auth_name", "name", models.AuthFunction)
	}
	if err := fields.Err(); err != nil {
		return Source{}, err
	}
	dir, err := fs.Sub(templateFiles, path.Join("templates", template))
	if err != nil {
		return Source{}, err
	}
	return SourceFromFS(dir, ".")
}
