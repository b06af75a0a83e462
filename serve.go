package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/sys/unix"

	"envshare/handlers"
	"envshare/internal/config"
	"envshare/internal/gateway"
	"envshare/internal/identity/wechat"
	"envshare/internal/paths"
	"envshare/internal/runner"
	"envshare/internal/service"
	"envshare/static"
	"envshare/web"
)

type serveCommand struct{ config.Serve }

// Run serves console and gateway until ctx ends, then stops in order: no new
// work from outside, running functions finish (they still need the gateway),
// listeners close, records are written out.
func (s serveCommand) Run(ctx context.Context, c config.Config, settings []config.Setting) error {
	logger, seen := counted(c.Logger(), settings, c.Data)
	if os.Getenv("GOGC") == "" {
		// The heap is a few megabytes; collecting it less often costs little memory
		// and saves a tenth of a call's time.
		debug.SetGCPercent(400)
	}
	unlock, err := lockData(c.Data)
	if err != nil {
		return err
	}
	defer unlock()
	records, keys, err := open(ctx, c)
	if err != nil {
		return err
	}
	defer func() { _ = records.Close() }()
	documents, err := openDocuments(ctx, c)
	if err != nil {
		return err
	}
	defer func() { _ = documents.Close() }()
	blobs, err := openBlobs(ctx, c)
	if err != nil {
		return err
	}
	pagesAt, dataAt, err := s.listen()
	if err != nil {
		return err
	}
	defer func() { _, _ = pagesAt.Close(), dataAt.Close() }() // again, where they were served
	functions, err := s.startRunner(ctx, c, logger)
	if err != nil {
		return err
	}
	deps := service.Deps{
		Store: records, Documents: documents, Blobs: blobs, Runner: functions, Keys: keys, FunctionsDir: functionsDir(c), TransfersDir: transfersDir(c), Logger: logger,
		WorkerGatewayURL: config.LocalURL(dataAt.Addr()), EnvironmentGrace: s.EnvironmentGrace, Installation: seen,
	}
	services, err := s.services(deps, pagesAt.Addr(), dataAt.Addr())
	if err != nil {
		return errors.Join(err, functions.Close(ctx))
	}
	err = s.serveBoth(ctx, logger, services, pagesAt, dataAt)
	stopping, cancel := context.WithTimeout(context.Background(), s.Grace)
	defer cancel()
	return errors.Join(err, functions.Close(stopping), services.Close(stopping))
}

// services assembles the services, with what proves identities, and starts what they
// do by themselves.
func (s serveCommand) services(deps service.Deps, pagesAt, dataAt net.Addr) (*service.Services, error) {
	var err error
	if deps.WeChat, err = wechat.New(s.weChatAPI(dataAt)); err != nil {
		return nil, err
	}
	if err := s.external(&deps, pagesAt); err != nil {
		return nil, err
	}
	services := service.New(deps)
	services.StartBackground()
	return services, nil
}

// serveBoth serves console and gateway until ctx ends.
func (s serveCommand) serveBoth(ctx context.Context, logger *slog.Logger, services *service.Services, pagesAt, dataAt net.Listener) error {
	console, err := s.console(services, logger)
	if err != nil {
		return err
	}
	if err := s.announce(ctx, services, pagesAt.Addr(), dataAt.Addr()); err != nil {
		return err
	}
	data := gateway.New(gateway.Config{ClientIP: s.clientIP()}, gateway.Deps{
		Calls: services.Calls, Documents: services.Documents, Files: services.Files, Clients: services.Clients, Credentials: services.Credentials,
		Ready: services.Ready, Logger: logger, Life: ctx,
	})
	if s.simulated() {
		mountSimulator(data, services)
		mountDemoPages(data, services)
	}
	pages := server(console, logger)
	pages.ReadTimeout = consoleReadTimeout
	return s.serve(ctx, logger, services, running{pages, pagesAt}, running{server(data, logger), dataAt})
}

// lockData makes sure that one server uses a data folder: two would empty each
// other's worker folders.
func lockData(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, "serve.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("another server uses %s", dir), file.Close())
	}
	return func() { _ = file.Close() }, nil
}

func (s serveCommand) listen() (console, data net.Listener, err error) {
	if console, err = net.Listen("tcp", s.Console); err != nil {
		return nil, nil, fmt.Errorf("console: %w", err)
	}
	if data, err = net.Listen("tcp", s.Gateway); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("gateway: %w", err), console.Close())
	}
	return console, data, nil
}

func (s serveCommand) startRunner(ctx context.Context, c config.Config, logger *slog.Logger) (*runner.Runner, error) {
	sdk, err := runner.PrepareSDK(ctx, filepath.Join(c.Data, "runtime"))
	if err != nil {
		return nil, err
	}
	return runner.New(ctx, runner.Config{
		WorkDir: filepath.Join(c.Data, "workers"), SDKDir: sdk, Spares: s.Spares, MaxWorkers: s.Workers, Logger: logger,
	})
}

func (s serveCommand) console(services *service.Services, logger *slog.Logger) (*echo.Echo, error) {
	proxies, err := s.Proxies()
	if err != nil {
		return nil, err
	}
	e, err := web.New(web.Config{Secure: s.Secure(), Hosts: s.Hosts(), TrustedProxies: proxies, Streams: handlers.Streams(), LargeForms: handlers.LargeForms()}, web.Deps{
		Sessions: services.Accounts, Static: static.FS, Ready: services.Ready, SetLanguage: services.Accounts.SetLanguage, Logger: logger,
	})
	if err != nil {
		return nil, err
	}
	handlers.Register(e, services, handlers.Options{
		NeedsSetUp: services.Accounts.NeedsSetUp, Secure: s.Secure(), URL: s.ConsoleURL, EnvironmentGrace: s.EnvironmentGrace,
		Styleguide: s.Styleguide || s.Demo,
	})
	return e, nil
}

// clientIP says for the gateway where a request comes from. Which proxies are
// trusted has been checked with the other settings.
func (s serveCommand) clientIP() echo.IPExtractor {
	proxies, _ := s.Proxies()
	return web.ClientIP(proxies)
}

// announce prints where the console is and how to get in.
func (s serveCommand) announce(ctx context.Context, services *service.Services, console, data net.Addr) error {
	consoleURL, gatewayURL := cmp.Or(s.ConsoleURL, config.LocalURL(console)), cmp.Or(s.GatewayURL, config.LocalURL(data))
	if err := services.Credentials.SetGatewayURL(ctx, gatewayURL); err != nil {
		return err
	}
	if s.Demo {
		domains, err := gatewayDomains(gatewayURL, data)
		if err != nil {
			return err
		}
		if err := applyDemo(ctx, services, domains); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
		fmt.Print(demoLogins)
	}
	token, err := services.Accounts.SetupToken(ctx)
	if err != nil {
		return err
	}
	if token != "" {
		fmt.Printf("First run: create the first operator at %s%s (the link works once)\n", consoleURL, paths.Setup(token))
	}
	if s.simulated() {
		fmt.Printf("Demo pages: %s%s/\n", gatewayURL, demoPagesPath)
	}
	fmt.Printf("Console: %s\nGateway: %s\n", consoleURL, gatewayURL)
	return nil
}

// running is an HTTP server with its listener.
type running struct {
	server   *http.Server
	listener net.Listener
}

// consoleReadTimeout bounds how long a request to the console may take to
// arrive; uploads of code are its largest. The gateway sets deadlines of its own,
// as does the console for uploads of files.
const consoleReadTimeout = 3 * time.Minute

// server limits how slowly a client may send a request's head. Idle connections
// stay longer than the SDKs keep theirs, so that these never meet a reset.
func server(h http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}

// serve runs both servers until ctx ends or one fails, then stops them.
func (s serveCommand) serve(ctx context.Context, logger *slog.Logger, services *service.Services, console, data running) error {
	failed := make(chan error, 2)
	for _, r := range []running{console, data} {
		go func() { failed <- r.server.Serve(r.listener) }()
	}
	var err error
	select {
	case <-ctx.Done():
		logger.Info("stopping")
	case err = <-failed:
	}
	stopping, cancel := context.WithTimeout(context.Background(), s.Grace)
	defer cancel()
	services.Drain(stopping)
	for _, r := range []running{console, data} {
		if stopErr := r.server.Shutdown(stopping); stopErr != nil {
			err = errors.Join(err, stopErr, r.server.Close())
		}
	}
	return err
}
