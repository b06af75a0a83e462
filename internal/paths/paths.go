// Package paths builds the addresses of the console, so that a link with the
// wrong arguments does not compile.
//
// It knows the shape of the console's routes. It must not know anything else of
// ours.
package paths

import (
	"net/url"
	"strconv"
)

func join(parts ...string) string {
	s := ""
	for _, p := range parts {
		s += "/" + url.PathEscape(p)
	}
	return s
}

// Home is where a person lands.
func Home() string { return "/" }

// Login is the sign-in page.
func Login() string { return "/login" }

// LoginNext is the sign-in page that returns to a local path afterwards.
func LoginNext(next string) string { return "/login?next=" + url.QueryEscape(next) }

// Logout ends the session.
func Logout() string { return "/logout" }

// Language stores the language of the interface.
func Language() string { return "/language" }

// Theme stores the colour theme.
func Theme() string { return "/theme" }

// Setup is the first-run page behind its one-time token.
func Setup(token string) string { return join("setup", token) }

// Static is a file that the browser loads; the name carries its digest.
func Static(name string) string { return "/static/" + name }

// Apps is the list of apps.
func Apps() string { return "/apps" }

// AppsQuery is Apps, those that hold a text.
func AppsQuery(text string) string { return withQuery(Apps(), "q", text) }

// App is an app's overview.
func App(app string) string { return join("apps", app) }

// Environments is the environment switcher of an app.
func Environments(app string) string { return join("apps", app, "environments") }

// EnvironmentsQuery is Environments, those that hold a text.
func EnvironmentsQuery(app, text string) string { return withQuery(Environments(app), "q", text) }

// Search looks for a text in the console of an app; "" is the page that asks for one.
func Search(app, text string) string { return withQuery(join("apps", app, "search"), "q", text) }

// NewEnvironment is the form that creates an environment.
func NewEnvironment(app string) string { return join("apps", app, "environments", "new") }

// Environment is the overview of an environment, seen from an app.
func Environment(app, env string) string { return join("apps", app, "envs", env) }

// Settings is an environment's settings, seen from an app.
func Settings(app, env string) string { return join("apps", app, "envs", env, "settings") }

// RenameEnvironment gives an environment another name.
func RenameEnvironment(app, env string) string { return Settings(app, env) + "/name" }

// DangerZone is 设置 → 危险操作 of an environment.
func DangerZone(app, env string) string { return Settings(app, env) + "/danger" }

// DeleteEnvironment shows what ends, and deletes an environment.
func DeleteEnvironment(app, env string) string { return Settings(app, env) + "/delete" }

// RestoreEnvironment asks, and restores a deleted environment.
func RestoreEnvironment(app, env string) string {
	return join("apps", app, "environments", env, "restore")
}

// Members is 设置 → 成员管理 of an app.
func Members(app string) string { return join("apps", app, "members") }

// MembersQuery is Members, those whose names hold a text.
func MembersQuery(app, text string) string { return withQuery(Members(app), "q", text) }

// ChangeMember gives a member another role.
func ChangeMember(app, user string) string { return join("apps", app, "members", user, "role") }

// RemoveMember asks, and takes a member out of an app.
func RemoveMember(app, user string) string { return join("apps", app, "members", user, "remove") }

// Invitations takes new invitations to an app.
func Invitations(app string) string { return join("apps", app, "invitations") }

// NewInvitation is the form that makes an invitation.
func NewInvitation(app string) string { return join("apps", app, "invitations", "new") }

// RevokeInvitation ends an invitation.
func RevokeInvitation(app, invitation string) string {
	return join("apps", app, "invitations", invitation, "revoke")
}

// Invitation is the page behind the link of an invitation.
func Invitation(token string) string { return join("invitations", token) }

// RegisterInvited makes an account for who holds the link of an invitation.
func RegisterInvited(token string) string { return Invitation(token) + "/register" }

// Extensions is 设置 → 拓展能力 of an app.
func Extensions(app string) string { return join("apps", app, "extensions") }

// EnableSharing turns environment sharing on.
func EnableSharing(app string) string { return join("apps", app, "extensions", "sharing", "enable") }

// DisableSharing shows what ends, and turns environment sharing off.
func DisableSharing(app string) string { return join("apps", app, "extensions", "sharing", "disable") }

// Shares is the list of what an app shares.
func Shares(app string) string { return join("apps", app, "shares") }

// SharesWithMe is the list of what is shared with an app.
func SharesWithMe(app string) string { return Shares(app) + "?tab=with-me" }

// NewShare is the form that adds a share.
func NewShare(app string) string { return join("apps", app, "shares", "new") }

// NewShareTo is the form that adds a share, with the grantee looked up.
func NewShareTo(app, to string) string { return NewShare(app) + "?to=" + url.QueryEscape(to) }

// Share is one share.
func Share(app, share string) string { return join("apps", app, "shares", share) }

// EditShare is the form that changes a share.
func EditShare(app, share string) string { return join("apps", app, "shares", share, "edit") }

// PauseShare pauses a share.
func PauseShare(app, share string) string { return join("apps", app, "shares", share, "pause") }

// ResumeShare resumes a paused share.
func ResumeShare(app, share string) string { return join("apps", app, "shares", share, "resume") }

// DeleteShare shows who used the share, and removes it.
func DeleteShare(app, share string) string { return join("apps", app, "shares", share, "delete") }

// LeaveShare lets the grantee leave a share.
func LeaveShare(app, share string) string { return join("apps", app, "shares", share, "leave") }

// Functions is the list of functions of an environment, seen from an app.
func Functions(app, env string) string { return join("apps", app, "envs", env, "functions") }

// NewFunction is the form that creates a function.
func NewFunction(app, env string) string { return Functions(app, env) + "/new" }

// Function is one function.
func Function(app, env, name string) string { return Functions(app, env) + join(name) }

// FunctionFile is one source file of the deployed version.
func FunctionFile(app, env, name, file string) string {
	return Function(app, env, name) + "/code?file=" + url.QueryEscape(file)
}

// FunctionCode is the source of the deployed version.
func FunctionCode(app, env, name string) string { return Function(app, env, name) + "/code" }

// FunctionDownload is the source of the deployed version as a zip.
func FunctionDownload(app, env, name string) string { return Function(app, env, name) + "/download" }

// DeployFunction deploys a new version.
func DeployFunction(app, env, name string) string { return Function(app, env, name) + "/deploy" }

// RunFunction runs a function with an event.
func RunFunction(app, env, name string) string { return Function(app, env, name) + "/run" }

// ConfigureFunction changes timeout, memory and variables.
func ConfigureFunction(app, env, name string) string { return Function(app, env, name) + "/configure" }

// FunctionVersions is the list of versions.
func FunctionVersions(app, env, name string) string { return Function(app, env, name) + "/versions" }

// RollBackFunction makes an older version the deployed one.
func RollBackFunction(app, env, name string) string { return Function(app, env, name) + "/rollback" }

// DeleteFunction asks, and deletes a function.
func DeleteFunction(app, env, name string) string { return Function(app, env, name) + "/delete" }

// Invocations is the list of a function's last invocations, with what they wrote
// to the console.
func Invocations(app, env, name string) string { return Function(app, env, name) + "/logs" }

// Invocation is one invocation with its logs.
func Invocation(app, env, name, id string) string { return Invocations(app, env, name) + join(id) }

// Page adds a page number to an address that may have a query already.
func Page(address string, page int) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	q := u.Query()
	q.Set("page", strconv.Itoa(page))
	u.RawQuery = q.Encode()
	return u.String()
}

// NewFunctionFrom is the form that creates a function, with a template chosen.
func NewFunctionFrom(app, env, template string) string {
	return NewFunction(app, env) + "?template=" + url.QueryEscape(template)
}

// Collections is the list of collections of an environment, seen from an app.
func Collections(app, env string) string { return join("apps", app, "envs", env, "database") }

// CollectionsQuery is Collections, those whose names hold a text.
func CollectionsQuery(app, env, text string) string {
	return withQuery(Collections(app, env), "q", text)
}

// Collection is the documents of a collection.
func Collection(app, env, name string) string { return Collections(app, env) + join(name) }

// Browse says which documents of a collection are shown, and how.
type Browse struct {
	Filter, Sort string
	View         string // json, or "" for the table
	Page         int    // 0 and 1 are the first
}

// query returns the address with what is not the default.
func (b Browse) query(address string) string {
	q := url.Values{}
	for key, v := range map[string]string{"filter": b.Filter, "sort": b.Sort, "view": b.View} {
		if v != "" {
			q.Set(key, v)
		}
	}
	if b.Page > 1 {
		q.Set("page", strconv.Itoa(b.Page))
	}
	if len(q) == 0 {
		return address
	}
	return address + "?" + q.Encode()
}

// PageText is the page as a form carries it, "" for the first.
func (b Browse) PageText() string {
	if b.Page <= 1 {
		return ""
	}
	return strconv.Itoa(b.Page)
}

// CollectionQuery is the documents of a collection that are to be shown.
func CollectionQuery(app, env, name string, b Browse) string {
	return b.query(Collection(app, env, name))
}

// DeleteCollection asks, and deletes a collection.
func DeleteCollection(app, env, name string) string { return Collection(app, env, name) + "/delete" }

// Documents takes new documents.
func Documents(app, env, name string) string { return Collection(app, env, name) + "/documents" }

// NewDocument is the form that adds a document; b is where to return to.
func NewDocument(app, env, name string, b Browse) string {
	return b.query(Documents(app, env, name) + "/new")
}

// Document is one document; b is where to return to.
func Document(app, env, name, document string, b Browse) string {
	return b.query(Documents(app, env, name) + join(document))
}

// DeleteDocument asks, and deletes a document; b is where to return to.
func DeleteDocument(app, env, name, document string, b Browse) string {
	return b.query(Documents(app, env, name) + join(document, "delete"))
}

// Indexes is the indexes of a collection.
func Indexes(app, env, name string) string { return Collection(app, env, name) + "/indexes" }

// DeleteIndex deletes an index.
func DeleteIndex(app, env, name string) string { return Indexes(app, env, name) + "/delete" }

// AskDeleteIndex is the page that asks first.
func AskDeleteIndex(app, env, name, index string) string {
	return DeleteIndex(app, env, name) + "?index=" + url.QueryEscape(index)
}

// Transfers is the imports and exports of a collection.
func Transfers(app, env, name string) string { return Collection(app, env, name) + "/transfers" }

// ImportDocuments takes a file of documents.
func ImportDocuments(app, env, name string) string { return Transfers(app, env, name) + "/import" }

// ExportDocuments begins an export.
func ExportDocuments(app, env, name string) string { return Transfers(app, env, name) + "/export" }

// TransferFile is the file of a finished export.
func TransferFile(app, env, name, transfer string) string {
	return Transfers(app, env, name) + join(transfer, "file")
}

// CancelTransfer ends an import or export.
func CancelTransfer(app, env, name, transfer string) string {
	return Transfers(app, env, name) + join(transfer, "cancel")
}

// ResumeTransfer lets an import or export go on.
func ResumeTransfer(app, env, name, transfer string) string {
	return Transfers(app, env, name) + join(transfer, "resume")
}

// Storage is the files of an environment, seen from an app.
func Storage(app, env string) string { return join("apps", app, "envs", env, "storage") }

// StorageFolder is a page of a folder, which ends in a slash.
func StorageFolder(app, env, folder, after string) string {
	q := url.Values{}
	for key, v := range map[string]string{"folder": folder, "after": after} {
		if v != "" {
			q.Set(key, v)
		}
	}
	if len(q) == 0 {
		return Storage(app, env)
	}
	return Storage(app, env) + "?" + q.Encode()
}

// StorageFile is what is known of a file.
func StorageFile(app, env, file string) string {
	return Storage(app, env) + "/file?path=" + url.QueryEscape(file)
}

// OpenFile leads to a file at the gateway, to be shown or saved.
func OpenFile(app, env, file string, save bool) string {
	address := Storage(app, env) + "/open?path=" + url.QueryEscape(file)
	if save {
		address += "&save=1"
	}
	return address
}

// MoveFile gives a file or a folder another place.
func MoveFile(app, env string) string { return Storage(app, env) + "/move" }

// AskMoveFile is the page that asks where to.
func AskMoveFile(app, env, path string) string {
	return MoveFile(app, env) + "?path=" + url.QueryEscape(path)
}

// DeleteFile deletes a file or a folder.
func DeleteFile(app, env string) string { return Storage(app, env) + "/delete" }

// AskDeleteFile is the page that asks first.
func AskDeleteFile(app, env, path string) string {
	return DeleteFile(app, env) + "?path=" + url.QueryEscape(path)
}

// Access is 设置 → 权限设置 of an environment: what its owner decides about clients.
func Access(app, env string) string { return Settings(app, env) + "/access" }

// CollectionRules is the security rules of a collection.
func CollectionRules(app, env, name string) string { return Collection(app, env, name) + "/rules" }

// BucketRules is the security rules of an environment's files.
func BucketRules(app, env string) string { return Storage(app, env) + "/rules" }

// FunctionRules is the security rules for calling an environment's functions.
func FunctionRules(app, env string) string { return Access(app, env) + "/functions" }

// CheckRules checks a rule that is being written; rules is the address of the rules.
func CheckRules(rules string) string { return rules + "/check" }

// SimulateRules decides a call that is not run; rules is the address of the rules.
func SimulateRules(rules string) string { return rules + "/simulate" }

// RestoreRules puts an earlier version in force; rules is the address of the rules.
func RestoreRules(rules string) string { return rules + "/restore" }
