package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/web/render"
)

// Assets are the static files under names that carry the digest of their bytes:
// a changed file has another address, so browsers may keep each for ever.
type Assets struct {
	files map[string]asset  // by name with digest
	names map[string]string // name with digest by name
}

type asset struct {
	contentType string
	content     []byte
	text        bool
}

// digestLength is how many hexadecimal digits of the digest a name carries.
const digestLength = 16

// assetTypes are the kinds of files that browsers load. The list is ours because
// the system's differs from machine to machine.
var assetTypes = map[string]struct {
	contentType string
	text        bool
}{
	".css":   {"text/css; charset=utf-8", true},
	".js":    {"text/javascript; charset=utf-8", true},
	".svg":   {"image/svg+xml", true},
	".txt":   {"text/plain; charset=utf-8", true},
	".json":  {"application/json", true},
	".png":   {"image/png", false},
	".ico":   {"image/vnd.microsoft.icon", false},
	".woff2": {"font/woff2", false},
}

// NewAssets reads and names the files of fsys.
func NewAssets(fsys fs.FS) (*Assets, error) {
	a := &Assets{files: map[string]asset{}, names: map[string]string{}}
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		a.add(name, content)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read static files: %w", err)
	}
	return a, nil
}

func (a *Assets) add(name string, content []byte) {
	sum := sha256.Sum256(content)
	ext := path.Ext(name)
	hashed := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:])[:digestLength] + ext
	kind, ok := assetTypes[ext]
	if !ok {
		kind.contentType = echo.MIMEOctetStream
	}
	a.files[hashed] = asset{contentType: kind.contentType, content: content, text: kind.text}
	a.names[name] = hashed
}

// URL returns the address of a file, such as css/app.css. One that there is not
// gets an address that answers not found.
func (a *Assets) URL(name string) string {
	if hashed, ok := a.names[name]; ok {
		return paths.Static(hashed)
	}
	return paths.Static(name)
}

// serve answers with a file. Only the name with the present digest is one: an
// old page must not get new bytes under an old name, and cache them for ever.
func (a *Assets) serve(c echo.Context) error {
	file, ok := a.files[c.Param("*")]
	if !ok {
		return echo.ErrNotFound
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	send := func(c echo.Context) error {
		return c.Blob(http.StatusOK, file.contentType, file.content)
	}
	if file.text {
		send = render.Compress(send)
	}
	return send(c)
}
