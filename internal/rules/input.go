package rules

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
	"envshare/models"
)

// MaxDocuments is how many different documents get may read for one decision.
const MaxDocuments = 10

// Auth is the caller as rules see it. An empty text means that the caller has no
// such name; the member is then undefined.
type Auth struct {
	OpenID    string
	UnionID   string
	UID       string
	LoginType string
	AppID     string
	Custom    bson.Raw // what cloudbase_auth answered as auth; nil if nothing
}

// Resource is the file that a storage rule guards.
type Resource struct {
	OpenID string // of who uploaded it; "" if that was no end user
}

// Lookup reads the documents that get names. It is asked for any id at most once
// per decision.
type Lookup interface {
	// Get returns the document with an _id; found is false if there is none.
	Get(ctx context.Context, collection, id string) (doc bson.Raw, found bool, err error)
}

// Input is what a rule is decided from.
type Input struct {
	Auth     *Auth    // nil for a caller who has not signed in
	Doc      bson.Raw // the document: what is stored, or for create what will be; nil if absent
	Data     bson.Raw // request.data: what a create or update sends; nil if absent
	Resource *Resource
	Now      time.Time
	Lookup   Lookup // nil: get finds nothing
	Explain  bool   // fill the trace of the verdict
}

// Verdict says whether a rule allows something, and why. The zero Verdict
// refuses.
type Verdict struct {
	Allowed bool
	Part    string     // the canonical text of the part of the rule that decided
	Reason  models.Msg // why it is refused; empty when it is allowed
	Trace   []Step     // the parts that were looked at, if Input.Explain asked for them
}

// Step is a part of a rule and what it was found to be. A part of the subset
// test that was not proved is false.
type Step struct {
	Part  string
	Value bson.RawValue // undefined has type 0
}

// text makes a value of a name of the caller, undefined if there is none.
func text(s string) bson.RawValue {
	if s == "" {
		return bson.RawValue{}
	}
	return value.String(s)
}

// member returns a member of auth or of what lies below auth.custom.
func (a *Auth) member(path value.Path) bson.RawValue {
	if a == nil {
		return bson.RawValue{}
	}
	switch path[0] {
	case "openid":
		return text(a.OpenID)
	case "unionid":
		return text(a.UnionID)
	case "uid":
		return text(a.UID)
	case "loginType":
		return text(a.LoginType)
	case "appid":
		return text(a.AppID)
	}
	return inside(a.Custom, path[1:])
}

// inside returns what lies at a path of a document that may be absent.
func inside(doc bson.Raw, path value.Path) bson.RawValue {
	switch {
	case len(doc) == 0:
		return bson.RawValue{}
	case len(path) == 0:
		return value.Document(doc)
	}
	return value.Get(doc, path)
}
