package rules

import (
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
	"envshare/models"
)

// Kind says what a rule guards.
type Kind byte

// What rules guard.
const (
	Database Kind = iota + 1
	Function
	Storage
)

// Operation is what a client wants to do, and the key of its rule in a set.
type Operation string

// The operations. A set for a database has all but invoke; create, update and
// delete fall back to write. A function has invoke, storage has read and write.
const (
	Read   Operation = "read"
	Write  Operation = "write"
	Create Operation = "create"
	Update Operation = "update"
	Delete Operation = "delete"
	Invoke Operation = "invoke"
)

// authMembers are the members of auth; only custom has members of its own.
var authMembers = []string{"openid", "unionid", "uid", "loginType", "appid", "custom"}

// checker asks what the names of an expression mean where it stands.
type checker struct {
	kind     Kind
	op       Operation
	gets     int
	getDepth int
}

// condition checks a part that has to be true or false. A variable may stand for
// one: it holds when its value is true.
func (c *checker) condition(n *node) error {
	switch n.kind {
	case kindAll, kindAny, kindNot:
		for _, kid := range n.kids {
			if err := c.condition(kid); err != nil {
				return err
			}
			n.doc = n.doc || kid.doc
		}
		return nil
	case kindCompare:
		return c.comparison(n)
	case kindRef:
		if n.root == "auth" && len(n.path) == 0 {
			return wrong(n.at, "rules.auth_condition")
		}
	case kindLiteral:
		if n.value.Type != bson.TypeBoolean {
			return wrong(n.at, "rules.no_condition", "text", n.String())
		}
	case kindList, kindTemplate:
		return wrong(n.at, "rules.no_condition", "text", n.String())
	}
	return c.value(n)
}

func (c *checker) comparison(n *node) error {
	for i, side := range n.kids {
		var err error
		switch {
		case side.kind == kindRef && side.root == "auth" && len(side.path) == 0:
			err = c.bareAuth(n, side)
		case side.kind == kindList && n.op == opIn && i == 1:
			err = c.values(side) // its items may be fields of the document
		default:
			err = c.value(side)
		}
		if err != nil {
			return err
		}
		n.doc = n.doc || side.doc
	}
	if r := n.right(); n.op == opIn && (r.kind == kindLiteral || r.kind == kindTemplate) {
		return wrong(r.at, "rules.in_list")
	}
	return nil
}

// bareAuth allows auth itself only where it is compared with null.
func (c *checker) bareAuth(n, side *node) error {
	other := n.left()
	if other == side {
		other = n.right()
	}
	if (n.op == opEqual || n.op == opNotEqual) && other.nothing() {
		return nil
	}
	return wrong(side.at, "rules.auth_condition")
}

// value checks a part that is compared.
func (c *checker) value(n *node) error {
	switch n.kind {
	case kindLiteral:
		return nil
	case kindList:
		if err := c.values(n); err != nil {
			return err
		}
		if n.doc {
			return wrong(n.at, "rules.list_doc")
		}
		return nil
	case kindTemplate:
		return c.values(n)
	case kindRef:
		n.doc = n.field()
		return c.variable(n)
	case kindGet:
		return c.get(n)
	}
	return wrong(n.at, "rules.no_value", "text", n.String())
}

func (c *checker) values(n *node) error {
	for _, kid := range n.kids {
		if kid.kind == kindRef && kid.root == "auth" && len(kid.path) == 0 {
			return wrong(kid.at, "rules.auth_condition")
		}
		if err := c.value(kid); err != nil {
			return err
		}
		n.doc = n.doc || kid.doc
	}
	return nil
}

func (c *checker) get(n *node) error {
	c.gets++
	c.getDepth++
	defer func() { c.getDepth-- }()
	switch {
	case c.gets > MaxGets:
		return wrong(n.at, "rules.gets", "max", MaxGets)
	case c.getDepth > MaxGetDepth:
		return wrong(n.at, "rules.get_depth", "max", MaxGetDepth)
	}
	arg := n.kids[0]
	begin := ""
	switch arg.kind {
	case kindTemplate:
		begin = arg.texts[0]
	case kindLiteral:
		text, _ := value.Text(arg.value)
		begin = string(text)
	}
	// The collection has to be written out: it must not depend on data.
	parts := strings.SplitN(begin, ".", 3)
	if len(parts) < 3 || parts[0] != "database" || parts[1] == "" || parts[2] == "" && arg.kind == kindLiteral {
		return wrong(arg.at, "rules.get_path")
	}
	err := c.value(arg)
	n.doc = arg.doc
	return err
}

// variable checks that a variable and its members exist here.
func (c *checker) variable(n *node) error {
	switch {
	case n.root == "auth":
		return c.auth(n)
	case n.root == "now":
		if len(n.path) > 0 {
			return wrong(n.at, "rules.now_member")
		}
		return nil
	case n.root == "doc" && c.kind == Database:
		return c.field(n)
	case n.root == "request" && c.kind == Database:
		return c.request(n)
	case n.root == "resource" && c.kind == Storage:
		if len(n.path) != 1 || n.path[0] != "openid" {
			return wrong(n.at, "rules.resource_member")
		}
		return nil
	case n.root == "doc", n.root == "request":
		return wrong(n.at, "rules.only_database", "name", n.root)
	case n.root == "resource":
		return wrong(n.at, "rules.only_storage", "name", n.root)
	}
	return wrong(n.at, "rules.variable", "name", n.root)
}

func (c *checker) auth(n *node) error {
	switch {
	case len(n.path) == 0: // where that makes no sense it has been refused
		return nil
	case !slices.Contains(authMembers, n.path[0]):
		return wrong(n.at, "rules.auth_member", "name", n.path[0], "names", strings.Join(authMembers, ", "))
	case len(n.path) > 1 && n.path[0] != "custom":
		return wrong(n.at, "rules.auth_text", "name", n.path[0])
	}
	return nil
}

// field checks that a field is one that a query could name too.
func (c *checker) field(n *node) error {
	if len(n.path) == 0 {
		return wrong(n.at, "rules.doc_bare")
	}
	for _, name := range n.path {
		if name == "" || name[0] == '$' || strings.ContainsAny(name, ".\x00") {
			return wrong(n.at, "rules.doc_name", "name", name)
		}
	}
	return nil
}

func (c *checker) request(n *node) error {
	switch {
	case len(n.path) == 0 || n.path[0] != "data":
		return wrong(n.at, "rules.request_member")
	case c.op == Read || c.op == Delete:
		return wrong(n.at, "rules.request_data", "operation", string(c.op))
	}
	return nil
}

// wrong is an error at a place of an expression. The column is missing until
// placed, which has the text, adds it.
func wrong(offset int, key string, args ...any) error {
	return models.E(models.CodeInvalid, key, append([]any{"offset", offset}, args...)...)
}
