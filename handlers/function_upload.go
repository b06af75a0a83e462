package handlers

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/service"
	"envshare/models"
)

// The two ways to hand over source files.
const (
	zipField    = "zip"
	folderField = "files"
)

// formOverhead is what a form may hold beside the files, in bytes.
const formOverhead = 1 << 20

// uploadedSource returns the code that was uploaded, as a zip or as the files of
// a folder, and the field that it came in. The shell has read the form, the
// larger files into temporary ones. More than service.MaxUploadBytes is an
// *http.MaxBytesError.
func uploadedSource(c echo.Context) (service.Source, string, error) {
	if c.Request().ContentLength > service.MaxUploadBytes+formOverhead {
		return service.Source{}, zipField, &http.MaxBytesError{Limit: service.MaxUploadBytes}
	}
	var zips, files []*multipart.FileHeader
	if m := c.Request().MultipartForm; m != nil {
		zips, files = m.File[zipField], m.File[folderField]
	}
	switch {
	case len(zips) > 0:
		uploaded, err := readUploads(zips[:1])
		if err != nil {
			return service.Source{}, zipField, err
		}
		source, err := service.SourceFromZip(uploaded[0].Data)
		return source, zipField, err
	case len(files) > 0:
		uploaded, err := readUploads(files)
		if err != nil {
			return service.Source{}, folderField, err
		}
		source, err := service.NewSource(uploaded)
		return source, folderField, err
	}
	return service.Source{}, zipField, (models.Fields{zipField: models.M("error.upload_missing")}).Err()
}

// readUploads reads uploaded files with the paths that the browser gave them.
func readUploads(headers []*multipart.FileHeader) ([]service.SourceFile, error) {
	var total int64
	for _, h := range headers {
		total += h.Size
	}
	if total > service.MaxUploadBytes {
		return nil, &http.MaxBytesError{Limit: service.MaxUploadBytes}
	}
	files := make([]service.SourceFile, 0, len(headers))
	for _, h := range headers {
		data, err := readUpload(h)
		if err != nil {
			return nil, err
		}
		files = append(files, service.SourceFile{Path: uploadPath(h), Data: data})
	}
	return files, nil
}

func readUpload(h *multipart.FileHeader) (data []byte, err error) {
	f, err := h.Open()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(f)
}

// uploadPath returns where a file stood in the folder that was chosen. Browsers
// send its path as the file name, of which FileHeader.Filename keeps the last
// part only. NewSource decides which paths are fine.
func uploadPath(h *multipart.FileHeader) string {
	_, params, err := mime.ParseMediaType(h.Header.Get(echo.HeaderContentDisposition))
	if err != nil || params["filename"] == "" {
		return h.Filename
	}
	return params["filename"]
}
