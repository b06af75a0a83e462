package runner

import (
	"net/url"
	"regexp"
	"strings"
)

var (
	npmNoise   = regexp.MustCompile(`complete log of this run|^npm (error|ERR!)\s*(at |cwd |path |dest |file |address:|port:|hostname:|host:|[{}]|$)`)
	npmAddress = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s'"]+`)
	npmPeer    = regexp.MustCompile(`((?:connect|read|write|getaddrinfo) E\w+) \S+`)
	npmHost    = regexp.MustCompile(`\b(?:[\w-]+(?:\.[\w-]+)*:\d{2,5}|\d+\.\d+\.\d+\.\d+)\b`)
	npmPath    = regexp.MustCompile("(^|[\\s'\"`(\\[=:])/[^\\s'\"`)\\]]+")
)

// authorsView is what npm said as a function's author may read it: npm's own error lines without the addresses of the
// registry or a proxy, which may carry credentials, and without paths of the server's disk.
func authorsView(output string) string {
	var hosts []string
	for _, address := range npmAddress.FindAllString(output, -1) {
		if u, err := url.Parse(strings.TrimRight(address, ".,;:)")); err == nil && u.Hostname() != "" {
			hosts = append(hosts, u.Hostname())
		}
	}
	var kept []string
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		said := strings.HasPrefix(line, "npm error") || strings.HasPrefix(line, "npm ERR!") // else the end of a cut line
		if !said || npmNoise.MatchString(line) {
			continue
		}
		line = npmPeer.ReplaceAllString(line, "$1")
		line = npmAddress.ReplaceAllString(line, "the registry")
		for _, host := range hosts {
			line = strings.ReplaceAll(line, host, "the registry")
		}
		line = npmHost.ReplaceAllString(line, "…")
		kept = append(kept, npmPath.ReplaceAllString(line, "$1…"))
	}
	return strings.Join(kept, "\n")
}
