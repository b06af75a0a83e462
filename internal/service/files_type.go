package service

import (
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
)

// sniffer keeps the first bytes that pass.
type sniffer struct {
	r    io.Reader
	head []byte
}

const sniffed = 512

func (s *sniffer) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if missing := sniffed - len(s.head); missing > 0 {
		s.head = append(s.head, p[:min(n, missing)]...)
	}
	return n, err
}

// contentTypes are those that names end in and bytes do not tell, and those that
// machines know differently.
var contentTypes = map[string]string{
	".txt": "text/plain; charset=utf-8", ".log": "text/plain; charset=utf-8", ".md": "text/markdown; charset=utf-8",
	".csv": "text/csv; charset=utf-8", ".json": "application/json", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8", ".htm": "text/html; charset=utf-8", ".xml": "application/xml", ".svg": "image/svg+xml",
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp", ".avif": "image/avif",
	".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".wav": "audio/wav", ".mp4": "video/mp4", ".mov": "video/quicktime", ".webm": "video/webm",
	".pdf": "application/pdf", ".zip": "application/zip", ".wasm": "application/wasm",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}

// contentType decides by the end of the name, and by the bytes where that says
// nothing. What the name calls an image must look like one.
func contentType(name string, head []byte) string {
	ending := strings.ToLower(path.Ext(name))
	named, known := contentTypes[ending]
	if !known {
		named = mime.TypeByExtension(ending)
	}
	looks := http.DetectContentType(head)
	if named == "" {
		return looks
	}
	if strings.HasPrefix(named, "image/") && strings.HasPrefix(looks, "text/html") {
		return looks
	}
	return named
}
