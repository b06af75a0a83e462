package main

import (
	"context"
	"net"
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/config"
	"envshare/internal/identity/wechat"
	"envshare/internal/identity/wechatsim"
	"envshare/internal/service"
)

// simulatorPath is where the demo's gateway answers in the place of WeChat.
const simulatorPath = "/simulator"

// simulated reports whether WeChat is simulated: in the demo alone, which listens on
// loopback, and only when no other WeChat was named. Whoever reaches the simulator
// can be anybody.
func (s serveCommand) simulated() bool { return s.Demo && s.WeChatAPI == "" }

// weChatAPI is where WeChat's servers answer.
func (s serveCommand) weChatAPI(gateway net.Addr) string {
	switch {
	case s.simulated():
		return config.LocalURL(gateway) + simulatorPath
	case s.WeChatAPI != "":
		return s.WeChatAPI
	}
	return wechat.API
}

// mountSimulator lets the gateway answer as WeChat does, for the apps of the
// installation.
func mountSimulator(e *echo.Echo, services *service.Services) {
	background := context.Background()
	simulator := http.StripPrefix(simulatorPath, wechatsim.New(wechatsim.Options{
		PrincipalOf:   func(appID string) (string, bool) { return services.Clients.PrincipalOf(background, appID) },
		VerifySecret:  func(appID, secret string) bool { return services.Clients.VerifySecret(background, appID, secret) },
		AllowRedirect: func(appID, host string) bool { return services.Clients.MayReturnTo(background, appID, host) },
	}))
	e.Any(simulatorPath+"/*", echo.WrapHandler(simulator))
}
