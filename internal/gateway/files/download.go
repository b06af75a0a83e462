package files

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"envshare/internal/service"
)

// Download delivers a file, or the range of it that was asked for.
func (h *Handler) Download(w http.ResponseWriter, r *http.Request, ticket, requestID string) {
	file, err := h.files.Open(r.Context(), ticket)
	if err != nil {
		h.refuse(r.Context(), w, err, requestID)
		return
	}
	header := w.Header()
	header.Set("Content-Type", file.ContentType)
	header.Set("ETag", `"`+file.SHA256+`"`)
	header.Set("Cache-Control", "private, no-cache")
	header.Set("Content-Disposition", disposition(file))
	header.Set("Accept-Ranges", "bytes")
	body := &ranged{ctx: r.Context(), file: file}
	defer body.close()
	http.ServeContent(w, r, "", file.UpdatedAt, body)
}

// shown are the types that a browser may show by itself. The policy of every
// answer gives even these no origin, no scripts and no frames.
func shown(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil || kind == "image/svg+xml" {
		return false
	}
	return strings.HasPrefix(kind, "image/") || strings.HasPrefix(kind, "audio/") || strings.HasPrefix(kind, "video/") ||
		kind == "text/plain" || kind == "application/pdf"
}

// disposition names the file for whoever saves it.
func disposition(file service.ReadableFile) string {
	how := "attachment"
	if !file.Attach && shown(file.ContentType) {
		how = "inline"
	}
	if text := mime.FormatMediaType(how, map[string]string{"filename": file.Name()}); text != "" {
		return text
	}
	return how
}

// ranged reads a file from wherever the last Seek went, opening bytes only then.
type ranged struct {
	ctx  context.Context
	file service.ReadableFile
	at   int64
	open io.ReadCloser
}

func (r *ranged) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.file.Size
	}
	if offset < 0 {
		return 0, errors.New("seek before the file")
	}
	if offset != r.at {
		r.close()
	}
	r.at = offset
	return offset, nil
}

func (r *ranged) Read(p []byte) (int, error) {
	if r.at >= r.file.Size {
		return 0, io.EOF
	}
	if r.open == nil {
		var err error
		if r.open, err = r.file.Range(r.ctx, r.at, -1); err != nil {
			return 0, err
		}
	}
	n, err := r.open.Read(p)
	r.at += int64(n)
	return n, err
}

func (r *ranged) close() {
	if r.open != nil {
		_ = r.open.Close()
		r.open = nil
	}
}
