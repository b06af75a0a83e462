package runner

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/Masterminds/semver/v3"
)

const sdkName = "wx-server-sdk"

var (
	packageName = regexp.MustCompile(`^(@[A-Za-z0-9~_-][A-Za-z0-9._~-]*/)?[A-Za-z0-9~_-][A-Za-z0-9._~-]*$`)
	// packageRange is a version range or the name of a dist-tag: nothing with which npm would leave the registry.
	packageRange = regexp.MustCompile(`^([0-9A-Za-z*^~<>=|v-][0-9A-Za-z.+*^~<>=| _-]*)?$`)
)

// checkDependency refuses a dependency that is not a range, a tag or an alias in the registry. npm would otherwise
// fetch from any address, run git, or read any folder of the server.
func checkDependency(name, spec string) error {
	if !packageName.MatchString(name) || len(name) > 214 {
		return fmt.Errorf("%q is not the name of a package", name)
	}
	asked := strings.TrimSpace(spec)
	if alias, ok := strings.CutPrefix(asked, "npm:"); ok {
		target, rest := alias, ""
		if at := strings.LastIndex(alias, "@"); at > 0 {
			target, rest = alias[:at], alias[at+1:]
		}
		if !packageName.MatchString(target) {
			return fmt.Errorf("package %s: %q is not an alias of a package in the registry", name, spec)
		}
		asked = rest
	}
	if !packageRange.MatchString(asked) || looksLikeFile(asked) {
		return fmt.Errorf("package %s: %q is not a version range or tag in the registry; addresses, git and local folders cannot be installed", name, spec)
	}
	return nil
}

// looksLikeFile reports what npm takes for the file name of an archive.
func looksLikeFile(spec string) bool {
	spec = strings.ToLower(spec)
	return strings.HasSuffix(spec, ".tgz") || strings.HasSuffix(spec, ".tar.gz") || strings.HasSuffix(spec, ".tar")
}

// sdkSatisfies reports whether the provided wx-server-sdk is what spec asks for.
func sdkSatisfies(spec string) bool {
	spec = strings.TrimSpace(spec)
	if spec == "" || spec == "*" || spec == "latest" {
		return true
	}
	constraint, err := semver.NewConstraint(spec)
	return err == nil && constraint.Check(semver.MustParse(sdkVersion))
}
