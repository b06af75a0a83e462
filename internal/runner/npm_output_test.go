package runner

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNPMGetsNoSecretsOfTheServer(t *testing.T) {
	got := npmEnv([]string{"PATH=/bin", "DATABASE_URL=secret", "NPM_CONFIG_REGISTRY=r", "npm_config_cache=c", "https_proxy=p", "HOMER=x", "NODE_OPTIONS=--inspect"})
	want := []string{"PATH=/bin", "NPM_CONFIG_REGISTRY=r", "npm_config_cache=c", "https_proxy=p", "npm_config_git=false", "NO_COLOR=1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAuthorsSeeNoAddressesAndPaths(t *testing.T) {
	output := `gistry.example/cut/line
npm error code E404
npm error 404 Not Found - GET http://me:word@packages.example:4873/none - Not found
npm error request to https://packages.example/none failed, reason: connect ECONNREFUSED 10.0.0.7:4873
npm error reason: getaddrinfo ENOTFOUND packages.example
npm error Host: packages.example. is not in the certificate
npm error     at ClientRequest.<anonymous> (/usr/lib/node_modules/npm/index.js:130:14)
npm error   address: '10.0.0.7',
npm error path /srv/data/.install-1/package.json
npm error EACCES: permission denied, mkdir '/srv/data/x' and "/home/app/y"
npm error notarget No matching version found for @scope/pkg@9.9.9-beta.1.
npm error A complete log of this run can be found in: /home/app/.npm/_logs/debug-0.log
`
	want := `npm error code E404
npm error 404 Not Found - GET the registry - Not found
npm error request to the registry failed, reason: connect ECONNREFUSED
npm error reason: getaddrinfo ENOTFOUND
npm error Host: the registry. is not in the certificate
npm error EACCES: permission denied, mkdir '…' and "…"
npm error notarget No matching version found for @scope/pkg@9.9.9-beta.1.`
	if diff := cmp.Diff(want, authorsView(output)); diff != "" {
		t.Error(diff)
	}
}

func TestPackageThatDoesNotExist(t *testing.T) {
	needNPM(t)
	dir := codeFolder(t, map[string]string{"package.json": `{"dependencies":{"envshare-no-such-package":"1"}}`})
	_, err := InstallDependencies(t.Context(), dir, InstallConfig{})
	if !errors.Is(err, ErrDependencies) {
		t.Fatalf("got %v", err)
	}
	for _, part := range []string{"npm error code E404", "envshare-no-such-package"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing in %v", part, err)
		}
	}
	for _, part := range []string{"://", "_logs", dir, ".install-"} {
		if strings.Contains(err.Error(), part) {
			t.Errorf("%q is in %v", part, err)
		}
	}
}
