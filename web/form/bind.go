package form

import (
	"errors"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"envshare/models"
)

// MaxBody bounds the body of a form without files, in bytes.
const MaxBody = 1 << 20

// maxMemory bounds what a form with files keeps in memory, in bytes; the rest
// of it waits in temporary files that Release removes.
const maxMemory = 1 << 20

// Parse reads the body of a form, at most limit bytes of it. It may be called
// more than once; the first call decides. A body of another type stays unread,
// but bounded. A longer body is an *http.MaxBytesError, a malformed one invalid.
func Parse(c echo.Context, limit int64) error {
	r := c.Request()
	if r.Body == nil || r.Body == http.NoBody || r.Form != nil {
		return nil
	}
	if r.ContentLength > limit {
		return &http.MaxBytesError{Limit: limit}
	}
	r.Body = http.MaxBytesReader(c.Response(), r.Body, limit)

	var err error
	switch mediaType(r) {
	case echo.MIMEMultipartForm:
		err = r.ParseMultipartForm(maxMemory)
	case echo.MIMEApplicationForm:
		err = r.ParseForm()
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return tooLarge
	case err != nil:
		return malformed(err)
	}
	return nil
}

// Release removes the temporary files of a form. The HTTP server removes them
// only for the request that it made itself, not for a copy with another context.
func Release(c echo.Context) error {
	if files := c.Request().MultipartForm; files != nil {
		return files.RemoveAll()
	}
	return nil
}

// Multipart reports whether the request's body is a form that may hold files.
func Multipart(r *http.Request) bool { return mediaType(r) == echo.MIMEMultipartForm }

// Bind reads the form of a POST, or the query of a GET, into the struct that dst
// points at, by its "form" (and, for a GET, "query") tags. Text loses the space
// around it, unless its tag says trim:"no" (passwords, code). A body that was
// not parsed yet may have MaxBody bytes. What does not fit its field's type, is
// not UTF-8 or holds NUL is invalid.
func Bind(c echo.Context, dst any) error {
	binder := &echo.DefaultBinder{}
	r := c.Request()
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		if err := binder.BindQueryParams(c, dst); err != nil {
			return malformed(err)
		}
		return clean(reflect.ValueOf(dst).Elem())
	}

	if err := Parse(c, MaxBody); err != nil {
		return err
	}
	switch mediaType(r) {
	case echo.MIMEApplicationForm, echo.MIMEMultipartForm:
	default:
		return malformed(echo.ErrUnsupportedMediaType)
	}
	if err := binder.BindBody(c, dst); err != nil {
		return malformed(err)
	}
	return clean(reflect.ValueOf(dst).Elem())
}

func malformed(cause error) error {
	return models.E(models.CodeInvalid, "error.form_malformed").Wrap(cause)
}

// mediaType returns the type of the request's body without its parameters, ""
// when it is none or not readable.
func mediaType(r *http.Request) string {
	t, _, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
	if err != nil {
		return ""
	}
	return t
}

// errText says that a field is not text that can be stored.
var errText = errors.New("form: not UTF-8, or holds NUL")

// clean checks and trims every text in the struct v, those of embedded structs
// included.
func clean(v reflect.Value) error {
	for i := range v.NumField() {
		field := v.Field(i)
		if field.Kind() == reflect.Pointer {
			field = field.Elem() // the zero Value, of kind Invalid, for nil
		}
		if !field.CanSet() {
			continue
		}
		trim := v.Type().Field(i).Tag.Get("trim") != "no"
		var err error
		switch field.Kind() {
		case reflect.String:
			err = cleanText(field, trim)
		case reflect.Slice:
			err = cleanSlice(field, trim)
		case reflect.Struct:
			err = clean(field)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func cleanSlice(v reflect.Value, trim bool) error {
	if v.Type().Elem().Kind() != reflect.String {
		return nil
	}
	for i := range v.Len() {
		if err := cleanText(v.Index(i), trim); err != nil {
			return err
		}
	}
	return nil
}

func cleanText(v reflect.Value, trim bool) error {
	s := v.String()
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return malformed(errText)
	}
	if trim {
		v.SetString(strings.TrimSpace(s))
	}
	return nil
}
