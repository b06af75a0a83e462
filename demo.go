package main

import (
	"context"
	"embed"
	"io/fs"

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

// applyDemo fills the installation with the example world; what is there already
// stays.
func applyDemo(ctx context.Context, services *service.Services) error {
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
	_, err = services.Manifests.Apply(ctx, models.SystemActor("demo"), manifest, service.ApplyOptions{
		Files: files, Getenv: func(string) string { return demoPassword },
	})
	return err
}
