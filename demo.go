package main

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"net"
	"net/url"

	"envshare/internal/service"
	"envshare/models"
)

//go:embed all:examples/demo
var demoFiles embed.FS

// demoPassword opens the demo's accounts. It is public, which is why the demo
// only runs on loopback.
const demoPassword = "envshare-demo"

const demoLogins = `Demo logins (password ` + demoPassword + `):
  alice  operator, administrator of 商城小程序 and of the apps that borrow from it
  bob    administrator of 双十一活动, which never activated cloud development; developer of 会员小程序
  carol  administrator of 外部小程序, of another principal
`

// demoAccount is the official account that the demo's pages log in to.
const demoAccount = "wx77aa66bb55cc44dd"

// applyDemo fills the installation with the example world; what is there already
// stays. The pages are wherever the gateway is, so logins may return to there:
// domains are what its listener and its outer address say.
func applyDemo(ctx context.Context, services *service.Services, domains []string) error {
	files, err := fs.Sub(demoFiles, "examples/demo")
	if err != nil {
		return err
	}
	file, err := files.Open("envshare.yaml")
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	manifest, err := service.ParseManifest(file)
	if err != nil {
		return err
	}
	for i := range manifest.Apps {
		if manifest.Apps[i].AppID == demoAccount {
			manifest.Apps[i].WebDomains = domains
		}
	}
	_, err = services.Manifests.Apply(ctx, models.SystemActor("demo"), manifest, service.ApplyOptions{
		Files: files, Getenv: func(string) string { return demoPassword },
	})
	return err
}

// gatewayDomains are the hosts under which a browser on this machine finds the
// gateway, with the port.
func gatewayDomains(gatewayURL string, gateway net.Addr) ([]string, error) {
	outer, err := url.Parse(gatewayURL)
	if err != nil {
		return nil, fmt.Errorf("gateway address: %w", err)
	}
	_, port, err := net.SplitHostPort(gateway.String())
	if err != nil {
		return nil, fmt.Errorf("gateway address: %w", err)
	}
	return []string{outer.Host, "127.0.0.1:" + port, "localhost:" + port}, nil
}
