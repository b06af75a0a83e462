package handlers_test

import (
	"maps"
	"net/http"
	"testing"

	"envshare/models"
)

// cell is what a route asks of who uses it, how it is asked here, and what whoever
// is welcome gets. It says again, apart from the code, what every route is for.
type cell struct {
	role             models.Role
	permission, also models.Permission // on the environment, "" for none
	owner            bool              // the environment's owner alone (S10)

	gets answer
	// own is the answer through the own app of a borrower, when the ids in the
	// address are those of shop's things, for routes that are about no environment;
	// hidden says that nobody of the borrower's gets another one, whatever the role.
	own    answer
	hidden bool

	query   string
	names   map[string]string // placeholders that stand for something else here
	fields  []string
	file    string // the field of the files, "" for a plain form
	files   []string
	changes bool   // a form after which the world is another one
	why     string // a form is answered with a page, "" for one that leads elsewhere
}

// answer is a status and where it leads; "*" in a location stands for anything.
type answer struct {
	status   int
	location string
}

var (
	ok       = answer{status: http.StatusOK}
	notFound = answer{status: http.StatusNotFound}
)

// shows is a route that shows something.
func shows(role models.Role) cell { return cell{role: role, gets: ok, own: ok} }

// leadsTo is a route that leads elsewhere.
func leadsTo(role models.Role, location string) cell {
	to := answer{http.StatusSeeOther, location}
	return cell{role: role, gets: to, own: to}
}

// does is a form that changes something and leads elsewhere.
func does(role models.Role, location string, fields ...string) cell {
	to := answer{http.StatusSeeOther, location}
	return cell{role: role, gets: to, own: to, fields: fields, changes: true}
}

// of asks for a permission on the environment, whatever the role.
func (c cell) of(p models.Permission) cell { c.permission = p; return c }

func (c cell) and(p models.Permission) cell { c.also = p; return c }

// ownersAlone is for the environment's owner.
func (c cell) ownersAlone() cell { c.owner = true; return c }

// elsewhere is what a borrower gets through the own app, where the role suffices.
func (c cell) elsewhere(a answer) cell { c.own = a; return c }

func (c cell) asking(query string) cell { c.query = query; return c }

// naming lets a placeholder stand for something else than usual.
func (c cell) naming(placeholder, other string) cell {
	c.names = map[string]string{placeholder: other}
	return c
}

func (c cell) uploading(field string, files ...string) cell {
	c.file, c.files = field, files
	return c
}

// another is for a route that names what is another app's: through the own app of a
// borrower it is not there.
func (c cell) another() cell { c.own, c.hidden = notFound, true; return c }

// showing is a form that changes something and is answered with a page, for a reason.
func (c cell) showing(why string) cell {
	c.gets, c.own, c.why = ok, ok, why
	return c
}

// trying is a form that changes nothing, for a reason.
func (c cell) trying(status int, why string) cell {
	c.gets, c.changes, c.why = answer{status: status}, false, why
	c.own = c.gets
	return c
}

// cells are all routes of apps. A route of which nothing is said here fails, and so
// does one that is not there any more.
func cells(t *testing.T) map[route]cell {
	t.Helper()
	named := map[string]cell{}
	for _, some := range []map[string]cell{cellsOfApps(), cellsOfShares(), cellsOfSettings(), cellsOfFunctions(), cellsOfData()} {
		maps.Copy(named, some)
	}
	all := map[route]cell{}
	for _, r := range newConsole(t).protected() {
		name := r.method + " " + r.path
		c, said := named[name]
		switch {
		case !said:
			t.Errorf("nothing is said about %s", name)
		case r.method == http.MethodPost && (c.gets.status != http.StatusSeeOther || !c.changes) && c.why == "":
			t.Errorf("%s leads nowhere or changes nothing, and nobody says why", name)
		}
		all[r] = c
		delete(named, name)
	}
	for name := range named {
		t.Errorf("there is no %s", name)
	}
	return all
}

// The roles that routes ask for.
const (
	viewers        = models.RoleViewer
	administrators = models.RoleAdmin
)
