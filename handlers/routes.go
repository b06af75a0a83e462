package handlers

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/web/session"
)

// Options are what the pages need beside the services.
type Options struct {
	// NeedsSetUp reports whether the installation has no users yet, so that the
	// sign-in page can point at the set-up link; nil for never.
	NeedsSetUp func(context.Context) (bool, error)
	// Zone is the time zone in which times are shown and entered; nil for the
	// server's own.
	Zone *time.Location
	// Secure keeps cookies from being sent without TLS, as in the shell.
	Secure bool
	// Now is the clock; nil for the real one.
	Now func() time.Time
	// URL is how browsers reach the console, for links to hand on; empty for what a
	// request names.
	URL string
	// EnvironmentGrace is how long a deleted environment is kept.
	EnvironmentGrace time.Duration
	// Styleguide adds the page of the parts, for operators.
	Styleguide bool
}

// routes adds addresses that share who may ask for them.
type routes struct {
	echo       *echo.Echo
	middleware []echo.MiddlewareFunc
}

func (r routes) get(path string, h echo.HandlerFunc) {
	r.echo.Add(http.MethodGet, path, h, r.middleware...)
}

func (r routes) post(path string, h echo.HandlerFunc) {
	r.echo.Add(http.MethodPost, path, h, r.middleware...)
}

// Register adds the console's pages to its shell. Reading is GET, changing is
// POST. Who may do what inside an app is decided by the services, and so is who is an
// operator; the groups say who may ask at all.
func Register(e *echo.Echo, s *service.Services, o Options) {
	if o.Zone == nil {
		o.Zone = time.Local
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	p := pages{services: s, zone: o.Zone, now: o.Now, secure: o.Secure, consoleURL: o.URL}

	public := routes{echo: e}
	registerAccounts(public, p, o)
	registerInvited(public, p)

	signedIn := routes{e, []echo.MiddlewareFunc{session.Required}}
	signedIn.post(paths.Logout(), Login{pages: p}.logout)
	signedIn.get(paths.Home(), Apps{p}.home)
	signedIn.get(paths.Apps(), Apps{p}.index)
	registerAccount(signedIn, p)

	if o.Styleguide {
		signedIn.get(paths.Styleguide(""), Styleguide{p}.show)
		signedIn.get(paths.Styleguide("dialog"), Styleguide{p}.dialog)
	}

	member := routes{e, []echo.MiddlewareFunc{session.Required, p.explainRefusal}}
	registerApp(member, p)
	registerSettings(member, p, o)
	registerSearch(member, p)
	registerSharing(member, p)
	registerFunctions(member, p)
	registerDatabase(member, p)
	registerStorage(member, p)
	registerAccess(member, p)
	registerUsage(member, p)
	registerWhy(member, p)
	registerAudit(member, p)

	registerOperator(signedIn, p)
}

// The placeholders of the routes.
const (
	appParam        = "app"
	envParam        = "env"
	shareParam      = "share"
	nameParam       = "name"
	invocationParam = "invocation"
	tokenParam      = "token"
	documentParam   = "document"
	transferParam   = "transfer"
	userParam       = "user"
	invitationParam = "invitation"
	eventParam      = "event"
	visitorParam    = "visitor"
	principalParam  = "principal"

	anyApp        = ":" + appParam
	anyEnv        = ":" + envParam
	anyShare      = ":" + shareParam
	anyName       = ":" + nameParam
	anyInvocation = ":" + invocationParam
	anyToken      = ":" + tokenParam
	anyDocument   = ":" + documentParam
	anyTransfer   = ":" + transferParam
	anyUser       = ":" + userParam
	anyInvitation = ":" + invitationParam
	anyEvent      = ":" + eventParam
	anyVisitor    = ":" + visitorParam
	anyPrincipal  = ":" + principalParam
)

// registerAccounts adds what somebody needs who is not signed in yet.
func registerAccounts(r routes, p pages, o Options) {
	first := Setup{p}
	r.get(paths.Setup(anyToken), first.new)
	r.post(paths.Setup(anyToken), first.create)

	chosen := ChoosePassword{p}
	r.get(paths.ChoosePassword(anyToken), chosen.new)
	r.post(paths.ChoosePassword(anyToken), chosen.create)

	in := Login{pages: p, needsSetUp: o.NeedsSetUp}
	r.get(paths.Login(), in.new)
	r.post(paths.Login(), in.create)
	second := LoginSecondFactor{in}
	r.get(paths.LoginSecondFactor(), second.new)
	r.post(paths.LoginSecondFactor(), second.create)
	elsewhere := LoginExternal{in}
	r.post(paths.LoginExternal(), elsewhere.create)
	r.get(paths.LoginExternalCallback(), elsewhere.callback)
}

// registerApp adds an app's own pages: environments, overview, settings.
func registerApp(r routes, p pages) {
	r.get(paths.App(anyApp), Apps{p}.show)

	e := Environments{p}
	r.get(paths.Environments(anyApp), e.index)
	r.get(paths.NewEnvironment(anyApp), e.new)
	r.post(paths.Environments(anyApp), e.create)
	r.get(paths.Environment(anyApp, anyEnv), Overview{p}.show)
	r.get(paths.Settings(anyApp, anyEnv), Settings{p}.show)

	x := Extensions{p}
	r.get(paths.Extensions(anyApp), x.show)
	r.post(paths.EnableSharing(anyApp), x.enable)
	r.get(paths.DisableSharing(anyApp), x.confirmDisable)
	r.post(paths.DisableSharing(anyApp), x.disable)
}

// registerSettings adds what administrators decide about environments as a whole
// and about members.
func registerSettings(r routes, p pages, o Options) {
	n := EnvironmentName{p}
	r.get(paths.RenameEnvironment(anyApp, anyEnv), n.edit)
	r.post(paths.RenameEnvironment(anyApp, anyEnv), n.update)

	d := DangerZone{p, o.EnvironmentGrace}
	r.get(paths.DangerZone(anyApp, anyEnv), d.show)
	r.get(paths.DeleteEnvironment(anyApp, anyEnv), d.confirmDelete)
	r.post(paths.DeleteEnvironment(anyApp, anyEnv), d.delete)

	k := KeptEnvironments{p}
	r.get(paths.RestoreEnvironment(anyApp, anyEnv), k.confirmRestore)
	r.post(paths.RestoreEnvironment(anyApp, anyEnv), k.restore)

	m := Members{p}
	r.get(paths.Members(anyApp), m.index)
	r.get(paths.ChangeMember(anyApp, anyUser), m.edit)
	r.post(paths.ChangeMember(anyApp, anyUser), m.update)
	r.get(paths.RemoveMember(anyApp, anyUser), m.confirmRemove)
	r.post(paths.RemoveMember(anyApp, anyUser), m.remove)

	i := MemberInvitations{p, o.URL}
	r.get(paths.NewInvitation(anyApp), i.new)
	r.post(paths.Invitations(anyApp), i.create)
	r.post(paths.RevokeInvitation(anyApp, anyInvitation), i.revoke)
}

// registerInvited adds what the link of an invitation opens, for whoever holds it.
func registerInvited(r routes, p pages) {
	i := Invited{p}
	r.get(paths.Invitation(anyToken), i.show)
	r.post(paths.Invitation(anyToken), i.accept)
	r.post(paths.RegisterInvited(anyToken), i.register)
}

// registerSearch adds what looks through an app's console.
func registerSearch(r routes, p pages) { r.get(paths.Search(anyApp, ""), Search{p}.show) }

// registerSharing adds what an app lends and borrows.
func registerSharing(r routes, p pages) {
	s := Shares{p}
	r.get(paths.Shares(anyApp), s.index)
	r.get(paths.ShareMap(anyApp), s.picture)
	r.get(paths.NewShare(anyApp), s.new)
	r.post(paths.Shares(anyApp), s.create)
	r.get(paths.Share(anyApp, anyShare), s.show)
	r.get(paths.EditShare(anyApp, anyShare), s.edit)
	r.post(paths.EditShare(anyApp, anyShare), s.update)
	r.get(paths.PauseShare(anyApp, anyShare), s.confirmPause)
	r.post(paths.PauseShare(anyApp, anyShare), s.pause)
	r.post(paths.ResumeShare(anyApp, anyShare), s.resume)
	r.get(paths.DeleteShare(anyApp, anyShare), s.confirmDelete)
	r.post(paths.DeleteShare(anyApp, anyShare), s.delete)
	r.get(paths.LeaveShare(anyApp, anyShare), s.confirmLeave)
	r.post(paths.LeaveShare(anyApp, anyShare), s.leave)
}

// registerFunctions adds the cloud functions of an environment.
func registerFunctions(r routes, p pages) {
	f := Functions{p}
	r.get(paths.Functions(anyApp, anyEnv), f.index)
	r.get(paths.NewFunction(anyApp, anyEnv), f.new)
	r.post(paths.Functions(anyApp, anyEnv), f.create)
	r.get(paths.DeleteFunction(anyApp, anyEnv, anyName), f.confirmDelete)
	r.post(paths.DeleteFunction(anyApp, anyEnv, anyName), f.delete)

	run := FunctionRun{p}
	r.get(paths.Function(anyApp, anyEnv, anyName), run.show)
	r.post(paths.RunFunction(anyApp, anyEnv, anyName), run.create)
	r.get(paths.RunFunction(anyApp, anyEnv, anyName), run.show)
	r.post(paths.FunctionEvents(anyApp, anyEnv, anyName), run.keep)
	r.get(paths.FunctionEvents(anyApp, anyEnv, anyName), run.show)
	r.post(paths.DeleteFunctionEvent(anyApp, anyEnv, anyName, anyEvent), run.forget)

	code := FunctionCode{p}
	r.get(paths.FunctionCode(anyApp, anyEnv, anyName), code.show)
	r.get(paths.FunctionDownload(anyApp, anyEnv, anyName), code.download)
	r.post(paths.FunctionCode(anyApp, anyEnv, anyName), code.save)
	r.get(paths.DeployFunction(anyApp, anyEnv, anyName), code.upload)
	r.post(paths.DeployFunction(anyApp, anyEnv, anyName), code.deploy)

	draft := FunctionDraft{p}
	r.get(paths.NewFunctionFile(anyApp, anyEnv, anyName), draft.newFile)
	r.post(paths.FunctionFiles(anyApp, anyEnv, anyName), draft.addFile)
	r.get(paths.RenameFunctionFile(anyApp, anyEnv, anyName, ""), draft.askRename)
	r.post(paths.RenameFunctionFile(anyApp, anyEnv, anyName, ""), draft.rename)
	r.get(paths.DeleteFunctionFile(anyApp, anyEnv, anyName, ""), draft.confirmDelete)
	r.post(paths.DeleteFunctionFile(anyApp, anyEnv, anyName, ""), draft.deleteFile)
	r.post(paths.RestoreFunctionFile(anyApp, anyEnv, anyName), draft.restoreFile)
	r.get(paths.FunctionDraft(anyApp, anyEnv, anyName), draft.review)
	r.post(paths.FunctionDraft(anyApp, anyEnv, anyName), draft.deploy)
	r.post(paths.TakeInFunctionDraft(anyApp, anyEnv, anyName), draft.takeIn)
	r.get(paths.DiscardFunctionDraft(anyApp, anyEnv, anyName), draft.confirmDiscard)
	r.post(paths.DiscardFunctionDraft(anyApp, anyEnv, anyName), draft.discard)

	versions := FunctionVersions{p}
	r.get(paths.FunctionVersions(anyApp, anyEnv, anyName), versions.index)
	r.get(paths.CompareVersions(anyApp, anyEnv, anyName, "", ""), versions.compare)
	r.get(paths.RollBackFunction(anyApp, anyEnv, anyName), versions.confirmRollBack)
	r.post(paths.RollBackFunction(anyApp, anyEnv, anyName), versions.rollBack)

	config := FunctionConfigure{p}
	r.get(paths.ConfigureFunction(anyApp, anyEnv, anyName), config.edit)
	r.post(paths.ConfigureFunction(anyApp, anyEnv, anyName), config.update)

	i := Invocations{p}
	r.get(paths.Invocations(anyApp, anyEnv, anyName), i.index)
	r.get(paths.Invocation(anyApp, anyEnv, anyName, anyInvocation), i.show)
}

// registerDatabase adds the document database of an environment.
func registerDatabase(r routes, p pages) {
	d := Database{p}
	r.get(paths.Collections(anyApp, anyEnv), d.index)
	r.post(paths.Collections(anyApp, anyEnv), d.create)
	r.get(paths.Collection(anyApp, anyEnv, anyName), d.show)
	r.get(paths.DeleteCollection(anyApp, anyEnv, anyName), d.confirmDelete)
	r.post(paths.DeleteCollection(anyApp, anyEnv, anyName), d.delete)

	one := Documents{p}
	r.get(paths.NewDocument(anyApp, anyEnv, anyName, paths.Browse{}), one.new)
	r.post(paths.Documents(anyApp, anyEnv, anyName), one.create)
	r.get(paths.Document(anyApp, anyEnv, anyName, anyDocument, paths.Browse{}), one.edit)
	r.post(paths.Document(anyApp, anyEnv, anyName, anyDocument, paths.Browse{}), one.update)
	r.get(paths.DeleteDocument(anyApp, anyEnv, anyName, anyDocument, paths.Browse{}), one.confirmDelete)
	r.post(paths.DeleteDocument(anyApp, anyEnv, anyName, anyDocument, paths.Browse{}), one.delete)

	i := Indexes{p}
	r.get(paths.Indexes(anyApp, anyEnv, anyName), i.index)
	r.post(paths.Indexes(anyApp, anyEnv, anyName), i.create)
	r.get(paths.DeleteIndex(anyApp, anyEnv, anyName), i.confirmDelete)
	r.post(paths.DeleteIndex(anyApp, anyEnv, anyName), i.delete)

	t := Transfers{p}
	r.get(paths.Transfers(anyApp, anyEnv, anyName), t.index)
	r.post(paths.ImportDocuments(anyApp, anyEnv, anyName), t.importFile)
	r.post(paths.ExportDocuments(anyApp, anyEnv, anyName), t.export)
	r.get(paths.TransferFile(anyApp, anyEnv, anyName, anyTransfer), t.download)
	r.post(paths.CancelTransfer(anyApp, anyEnv, anyName, anyTransfer), t.cancel)
	r.post(paths.ResumeTransfer(anyApp, anyEnv, anyName, anyTransfer), t.resume)
}

// registerStorage adds the files of an environment.
func registerStorage(r routes, p pages) {
	s := Storage{p}
	r.get(paths.Storage(anyApp, anyEnv), s.index)
	r.post(paths.Storage(anyApp, anyEnv), s.create)
	r.get(pathOf(paths.StorageFile(anyApp, anyEnv, "")), s.show)
	r.get(pathOf(paths.OpenFile(anyApp, anyEnv, "", false)), s.openFile)
	r.get(paths.MoveFile(anyApp, anyEnv), s.confirmMove)
	r.post(paths.MoveFile(anyApp, anyEnv), s.move)
	r.get(paths.DeleteFile(anyApp, anyEnv), s.confirmDelete)
	r.post(paths.DeleteFile(anyApp, anyEnv), s.delete)
}

// registerAccess adds what the owner of an environment decides about clients.
func registerAccess(r routes, p pages) {
	a := Access{p}
	r.get(paths.Access(anyApp, anyEnv), a.show)
	r.post(paths.Access(anyApp, anyEnv), a.update)

	for address, kind := range map[string]models.RuleKind{
		paths.CollectionRules(anyApp, anyEnv, anyName): models.RuleCollection,
		paths.BucketRules(anyApp, anyEnv):              models.RuleBucket,
		paths.FunctionRules(anyApp, anyEnv):            models.RuleFunctions,
	} {
		one := AccessRules{p, kind}
		r.get(address, one.show)
		r.post(address, one.save)
		// Where a browser stands after a check or a trial, and may ask again.
		r.get(paths.CheckRules(address), one.show)
		r.get(paths.SimulateRules(address), one.show)
		r.post(paths.CheckRules(address), one.check)
		r.post(paths.SimulateRules(address), one.simulate)
		r.post(paths.RestoreRules(address), one.restore)
	}
}

// registerUsage adds who and what used an environment.
func registerUsage(r routes, p pages) {
	v := Visitors{p}
	r.get(paths.Visitors(anyApp, anyEnv), v.index)
	r.get(paths.Visitor(anyApp, anyEnv, anyVisitor), v.show)
	r.get(paths.SignOutVisitor(anyApp, anyEnv, anyVisitor), v.confirmSignOut)
	r.post(paths.SignOutVisitor(anyApp, anyEnv, anyVisitor), v.signOut)

	s := Statistics{p}
	r.get(paths.Statistics(anyApp, anyEnv), s.show)
	r.get(paths.StatisticsTable(anyApp, anyEnv), s.download)
	r.get(paths.FunctionMonitoring(anyApp, anyEnv, anyName), FunctionMonitoring{p}.show)
}

// registerWhy adds what was refused, and why.
func registerWhy(r routes, p pages) {
	r.get(paths.Denials(anyApp, paths.DenialQuery{}), Denials{p}.index)
	r.get(paths.Explain(anyApp, paths.Question{}), Explain{p}.show)
}

// pathOf is an address without its query.
func pathOf(address string) string {
	path, _, _ := strings.Cut(address, "?")
	return path
}

// registerAudit adds what was recorded of an app.
func registerAudit(r routes, p pages) {
	a := Audit{p}
	r.get(paths.Audit(anyApp), a.index)
	r.get(paths.ExportAudit(paths.Audit(anyApp)), a.export)
	r.get(paths.AuditEvent(paths.Audit(anyApp), anyEvent), a.show)
}

// registerOperator adds what operators alone may do.
func registerOperator(r routes, p pages) {
	system := OperatorSystem{p}
	r.get(paths.Operator(), system.health)
	r.get(paths.OperatorSettings(), system.settings)

	principals := OperatorPrincipals{p}
	r.get(paths.OperatorPrincipals(), principals.index)
	r.get(paths.NewPrincipal(), principals.new)
	r.post(paths.OperatorPrincipals(), principals.create)
	r.get(paths.OperatorPrincipal(anyPrincipal), principals.edit)
	r.post(paths.OperatorPrincipal(anyPrincipal), principals.update)
	r.get(paths.DeletePrincipal(anyPrincipal), principals.confirmDelete)
	r.post(paths.DeletePrincipal(anyPrincipal), principals.delete)

	apps := OperatorApps{p}
	r.get(paths.OperatorApps(), apps.index)
	r.get(paths.RegisterApp(), apps.new)
	r.post(paths.OperatorApps(), apps.create)
	r.get(paths.OperatorApp(anyApp), apps.edit)
	r.post(paths.OperatorApp(anyApp), apps.update)

	users := OperatorUsers{p}
	r.get(paths.OperatorUsers(), users.index)
	r.get(paths.NewUser(), users.new)
	r.post(paths.OperatorUsers(), users.create)
	r.get(paths.OperatorUser(anyUser), users.show)
	r.post(paths.SetOperator(anyUser), users.setOperator)
	r.post(paths.SetUserRole(anyUser), users.setRole)
	r.get(paths.DisableUser(anyUser), users.confirmDisable)
	r.post(paths.DisableUser(anyUser), users.disable)
	r.post(paths.EnableUser(anyUser), users.enable)
	r.get(paths.ResetPassword(anyUser), users.confirmReset)
	r.post(paths.ResetPassword(anyUser), users.reset)
	r.post(paths.RemoveUserLink(anyUser), users.removeLink)

	log := OperatorAudit{p}
	r.get(paths.OperatorAudit(), log.index)
	r.get(paths.ExportAudit(paths.OperatorAudit()), log.export)
	r.get(paths.AuditEvent(paths.OperatorAudit(), anyEvent), log.show)
}
