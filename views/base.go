package views

import (
	"context"
	"strings"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/models"
)

// Base is what every page carries.
type Base struct {
	// Title is what the browser's tab shows; empty for the page's own heading.
	Title string
	Lang  string // zh or en
	Theme string // light, dark, or empty for what the reader's system says
	CSRF  string // token of the session, for ui.Form
	// Path is the local address that changing language or theme returns to.
	Path  string
	User  *UserMenu // nil when nobody is signed in
	Flash []Flash
	Nav   *Nav // nil outside an app
	// Asset turns the name of a file in static, such as css/app.css, into its
	// address with the digest. Unset, paths.Static is used.
	Asset func(name string) string
}

// UserMenu is the person who is signed in.
type UserMenu struct {
	Name     string
	Operator bool
}

// Flash is a message about what just happened.
type Flash struct {
	Kind string // success, warning or error
	Text string
}

// Nav is where the reader is: which app, which environment, and what else there
// is to switch to.
type Nav struct {
	App  NavApp
	Apps []NavApp // for the app switcher
	// Environment is the current one; nil while the app has none.
	Environment *NavEnvironment
	Own         []NavEnvironment
	Borrowed    []NavEnvironment
	Tabs        []Tab
	Strip       *Strip // only in a borrowed environment
	// CanCreate leads to the form that creates an environment.
	CanCreate bool
	// Searchable shows the search of the top bar: the app has a console to look in.
	Searchable bool
	// WhyNotConfigure says why the settings that belong to the owner's
	// administrators alone are closed here, empty when they are open.
	WhyNotConfigure string
}

// NavApp is an app in the switcher.
type NavApp struct {
	AppID, Name string
	Kind        models.AppKind
	Href        string
}

// NavEnvironment is an environment in the switcher.
type NavEnvironment struct {
	ID, Name  string
	Borrowed  bool
	OwnerName string // of the app that lends it
	Href      string
}

// Tab is one of the top tabs.
type Tab struct {
	Label    string // key of the catalogues, such as nav.functions
	Href     string // empty when there is nothing to open
	Active   bool
	Disabled bool
	Reason   string // why it is disabled, ready to print
}

// Strip says in a borrowed environment whose it is and what is allowed.
type Strip struct {
	OwnerName        string
	Until            string   // empty for no end
	PermissionLabels []string // keys of the catalogues, such as permission.functions.view
	DetailHref       string
}

// Errors are the messages for the fields of a form that was refused.
type Errors map[string]models.Msg

// Text returns the message for a field in the reader's language, "" for none.
func (e Errors) Text(ctx context.Context, field string) string {
	m, ok := e[field]
	if !ok {
		return ""
	}
	return i18n.Text(i18n.Locale(ctx), m.Key, m.Args)
}

func (b Base) asset(name string) string {
	if b.Asset == nil {
		return paths.Static(name)
	}
	return b.Asset(name)
}

// lang returns the value of the document's lang attribute.
func (b Base) lang() string {
	if b.Lang == i18n.English {
		return "en"
	}
	return "zh-CN"
}

// otherLang returns the language that the switch offers.
func (b Base) otherLang() string {
	if b.Lang == i18n.English {
		return i18n.Chinese
	}
	return i18n.English
}

// otherTheme returns the theme that the switch offers.
func (b Base) otherTheme() string {
	if b.Theme == "dark" {
		return "light"
	}
	return "dark"
}

// Titled returns the frame of a page whose title names more than its heading does, the
// most telling part first; what the frame was called before counts more.
func (b Base) Titled(parts ...string) Base {
	if b.Title == "" {
		b.Title = strings.Join(parts, " · ")
	}
	return b
}

// documentTitle returns the text of the browser's tab.
func (b Base) documentTitle(heading string) string {
	if b.Title != "" {
		heading = b.Title
	}
	if heading == "" {
		return "EnvShare"
	}
	return heading + " · EnvShare"
}
