package form

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"

	"github.com/labstack/echo/v4"
)

// FirstFile reads the fields in front of the first file of a form that is read in
// parts, at most MaxBody bytes of them, so that Bind finds them, and returns the
// file; io.EOF when there is none. What stands behind the file is not read.
func FirstFile(c echo.Context) (*Part, error) {
	parts, err := PartsOf(c)
	if err != nil {
		return nil, err
	}
	r, left := c.Request(), int64(MaxBody)
	r.MultipartForm = &multipart.Form{Value: r.PostForm}
	for {
		part, err := parts.Next()
		if err != nil {
			return nil, err
		}
		if part.FileName() != "" {
			return part, nil
		}
		text, err := io.ReadAll(io.LimitReader(part, left+1))
		if err != nil {
			return nil, err
		}
		if left -= int64(len(text)); left < 0 {
			return nil, &http.MaxBytesError{Limit: MaxBody}
		}
		r.PostForm.Add(part.FormName(), string(text))
		r.Form.Add(part.FormName(), string(text))
	}
}

// NoFile reports whether FirstFile found no file.
func NoFile(err error) bool { return errors.Is(err, io.EOF) }
