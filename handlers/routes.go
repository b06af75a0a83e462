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
	// ConsoleURL is how browsers reach the console; "" for where a request went.
	ConsoleURL string
	// Now is the clock; nil for the real one.
	Now func() time.Time
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
	p := pages{services: s, zone: o.Zone, now: o.Now, secure: o.Secure, consoleURL: o.ConsoleURL}

	public := routes{echo: e}
	registerAccounts(public, p, o)

	signedIn := routes{e, []echo.MiddlewareFunc{session.Required}}
	signedIn.post(paths.Logout(), login{pages: p}.logout)
	signedIn.get(paths.Home(), apps{p}.home)
	signedIn.get(paths.Apps(), apps{p}.index)

	member := routes{e, []echo.MiddlewareFunc{session.Required, p.explainRefusal}}
	registerApp(member, p)
	registerSharing(member, p)
	registerFunctions(member, p)
	registerDatabase(member, p)
	registerStorage(member, p)
	registerAccess(member, p)
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
	eventParam      = "event"
	principalParam  = "principal"
	userParam       = "user"

	anyApp        = ":" + appParam
	anyEnv        = ":" + envParam
	anyShare      = ":" + shareParam
	anyName       = ":" + nameParam
	anyInvocation = ":" + invocationParam
	anyToken      = ":" + tokenParam
	anyDocument   = ":" + documentParam
	anyTransfer   = ":" + transferParam
	anyEvent      = ":" + eventParam
	anyPrincipal  = ":" + principalParam
	anyUser       = ":" + userParam
)

// registerAccounts adds what somebody needs who is not signed in yet.
func registerAccounts(r routes, p pages, o Options) {
	first := setup{p}
	r.get(paths.Setup(anyToken), first.new)
	r.post(paths.Setup(anyToken), first.create)

	chosen := choosePassword{p}
	r.get(paths.ChoosePassword(anyToken), chosen.new)
	r.post(paths.ChoosePassword(anyToken), chosen.create)

	in := login{pages: p, needsSetUp: o.NeedsSetUp}
	r.get(paths.Login(), in.new)
	r.post(paths.Login(), in.create)
}

// registerApp adds an app's own pages: environments, overview, settings.
func registerApp(r routes, p pages) {
	r.get(paths.App(anyApp), apps{p}.show)

	e := environments{p}
	r.get(paths.Environments(anyApp), e.index)
	r.get(paths.NewEnvironment(anyApp), e.new)
	r.post(paths.Environments(anyApp), e.create)
	r.get(paths.Environment(anyApp, anyEnv), overview{p}.show)
	r.get(paths.Settings(anyApp, anyEnv), settings{p}.show)

	x := extensions{p}
	r.get(paths.Extensions(anyApp), x.show)
	r.post(paths.EnableSharing(anyApp), x.enable)
	r.get(paths.DisableSharing(anyApp), x.confirmDisable)
	r.post(paths.DisableSharing(anyApp), x.disable)
}

// registerSharing adds what an app lends and borrows.
func registerSharing(r routes, p pages) {
	s := shares{p}
	r.get(paths.Shares(anyApp), s.index)
	r.get(paths.NewShare(anyApp), s.new)
	r.post(paths.Shares(anyApp), s.create)
	r.get(paths.Share(anyApp, anyShare), s.show)
	r.get(paths.EditShare(anyApp, anyShare), s.edit)
	r.post(paths.EditShare(anyApp, anyShare), s.update)
	r.post(paths.PauseShare(anyApp, anyShare), s.pause)
	r.post(paths.ResumeShare(anyApp, anyShare), s.resume)
	r.get(paths.DeleteShare(anyApp, anyShare), s.confirmDelete)
	r.post(paths.DeleteShare(anyApp, anyShare), s.delete)
	r.get(paths.LeaveShare(anyApp, anyShare), s.confirmLeave)
	r.post(paths.LeaveShare(anyApp, anyShare), s.leave)
}

// registerFunctions adds the cloud functions of an environment.
func registerFunctions(r routes, p pages) {
	f := functions{p}
	r.get(paths.Functions(anyApp, anyEnv), f.index)
	r.get(paths.NewFunction(anyApp, anyEnv), f.new)
	r.post(paths.Functions(anyApp, anyEnv), f.create)
	r.get(paths.DeleteFunction(anyApp, anyEnv, anyName), f.confirmDelete)
	r.post(paths.DeleteFunction(anyApp, anyEnv, anyName), f.delete)

	run := functionRun{p}
	r.get(paths.Function(anyApp, anyEnv, anyName), run.show)
	r.post(paths.RunFunction(anyApp, anyEnv, anyName), run.create)

	code := functionCode{p}
	r.get(paths.FunctionCode(anyApp, anyEnv, anyName), code.show)
	r.get(paths.FunctionDownload(anyApp, anyEnv, anyName), code.download)
	r.post(paths.DeployFunction(anyApp, anyEnv, anyName), code.deploy)
	r.get(paths.FunctionVersions(anyApp, anyEnv, anyName), code.versions)
	r.post(paths.RollBackFunction(anyApp, anyEnv, anyName), code.rollBack)

	config := functionConfigure{p}
	r.get(paths.ConfigureFunction(anyApp, anyEnv, anyName), config.edit)
	r.post(paths.ConfigureFunction(anyApp, anyEnv, anyName), config.update)

	i := invocations{p}
	r.get(paths.Invocations(anyApp, anyEnv, anyName), i.index)
	r.get(paths.Invocation(anyApp, anyEnv, anyName, anyInvocation), i.show)
}

// registerDatabase adds the document database of an environment.
func registerDatabase(r routes, p pages) {
	d := database{p}
	r.get(paths.Collections(anyApp, anyEnv), d.index)
	r.post(paths.Collections(anyApp, anyEnv), d.create)
	r.get(paths.Collection(anyApp, anyEnv, anyName), d.show)
	r.get(paths.DeleteCollection(anyApp, anyEnv, anyName), d.confirmDelete)
	r.post(paths.DeleteCollection(anyApp, anyEnv, anyName), d.delete)

	one := documents{p}
	r.get(paths.NewDocument(anyApp, anyEnv, anyName, paths.Browse{}), one.new)
	r.post(paths.Documents(anyApp, anyEnv, anyName), one.create)
	r.get(paths.Document(anyApp, anyEnv, anyName, anyDocument, paths.Browse{}), one.edit)
	r.post(paths.Document(anyApp, anyEnv, anyName, anyDocument, paths.Browse{}), one.update)
	r.get(paths.DeleteDocument(anyApp, anyEnv, anyName, anyDocument, paths.Browse{}), one.confirmDelete)
	r.post(paths.DeleteDocument(anyApp, anyEnv, anyName, anyDocument, paths.Browse{}), one.delete)

	i := indexes{p}
	r.get(paths.Indexes(anyApp, anyEnv, anyName), i.index)
	r.post(paths.Indexes(anyApp, anyEnv, anyName), i.create)
	r.post(paths.DeleteIndex(anyApp, anyEnv, anyName), i.delete)

	t := transfers{p}
	r.get(paths.Transfers(anyApp, anyEnv, anyName), t.index)
	r.post(paths.ImportDocuments(anyApp, anyEnv, anyName), t.importFile)
	r.post(paths.ExportDocuments(anyApp, anyEnv, anyName), t.export)
	r.get(paths.TransferFile(anyApp, anyEnv, anyName, anyTransfer), t.download)
	r.post(paths.CancelTransfer(anyApp, anyEnv, anyName, anyTransfer), t.cancel)
	r.post(paths.ResumeTransfer(anyApp, anyEnv, anyName, anyTransfer), t.resume)
}

// registerStorage adds the files of an environment.
func registerStorage(r routes, p pages) {
	s := storage{p}
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
	a := access{p}
	r.get(paths.Access(anyApp, anyEnv), a.show)
	r.post(paths.Access(anyApp, anyEnv), a.update)

	for address, kind := range map[string]models.RuleKind{
		paths.CollectionRules(anyApp, anyEnv, anyName): models.RuleCollection,
		paths.BucketRules(anyApp, anyEnv):              models.RuleBucket,
		paths.FunctionRules(anyApp, anyEnv):            models.RuleFunctions,
	} {
		one := accessRules{p, kind}
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

// pathOf is an address without its query.
func pathOf(address string) string {
	path, _, _ := strings.Cut(address, "?")
	return path
}

// registerAudit adds what was recorded of an app.
func registerAudit(r routes, p pages) {
	a := audit{p}
	r.get(paths.Audit(anyApp), a.index)
	r.get(paths.ExportAudit(paths.Audit(anyApp)), a.export)
	r.get(paths.AuditEvent(paths.Audit(anyApp), anyEvent), a.show)
}

// registerOperator adds what operators alone may do.
func registerOperator(r routes, p pages) {
	system := operatorSystem{p}
	r.get(paths.Operator(), system.health)
	r.get(paths.OperatorSettings(), system.settings)

	principals := operatorPrincipals{p}
	r.get(paths.OperatorPrincipals(), principals.index)
	r.get(paths.NewPrincipal(), principals.new)
	r.post(paths.OperatorPrincipals(), principals.create)
	r.get(paths.OperatorPrincipal(anyPrincipal), principals.edit)
	r.post(paths.OperatorPrincipal(anyPrincipal), principals.update)
	r.get(paths.DeletePrincipal(anyPrincipal), principals.confirmDelete)
	r.post(paths.DeletePrincipal(anyPrincipal), principals.delete)

	apps := operatorApps{p}
	r.get(paths.OperatorApps(), apps.index)
	r.get(paths.RegisterApp(), apps.new)
	r.post(paths.OperatorApps(), apps.create)
	r.get(paths.OperatorApp(anyApp), apps.edit)
	r.post(paths.OperatorApp(anyApp), apps.update)

	users := operatorUsers{p}
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

	log := operatorAudit{p}
	r.get(paths.OperatorAudit(), log.index)
	r.get(paths.ExportAudit(paths.OperatorAudit()), log.export)
	r.get(paths.AuditEvent(paths.OperatorAudit(), anyEvent), log.show)
}
