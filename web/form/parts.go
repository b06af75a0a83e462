package form

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"
)

const (
	// maxToken bounds the field with the token of a form that is read in parts.
	maxToken = 1 << 10
	// maxText bounds each other field of it, in bytes, and maxParts how many fields
	// and files it may have.
	maxText  = 64 << 10
	maxParts = 2000
	// maxRest bounds what Skip reads, in bytes.
	maxRest = 64 << 20
	// silence is how long its sender may send nothing.
	silence = time.Minute

	tokenField = "_csrf"
	partsKey   = "envshare/form parts"
)

// Parts reads a form with files part by part, in the order in which they were
// sent, so that nothing of a file waits in memory or on disk.
type Parts struct {
	reader *multipart.Reader
	body   io.Reader
	first  *Part // read ahead, but not asked for yet
	count  int
}

// Part is a field or a file of such a form.
type Part struct{ *multipart.Part }

// Read reads the part's bytes. What is wrong with the form is said as by Next.
func (p *Part) Read(b []byte) (int, error) {
	n, err := p.Part.Read(b)
	if err != nil && !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = tooLargeOr(err)
	}
	return n, err
}

// Text returns the value of a field.
func (p *Part) Text() (string, error) {
	text, err := io.ReadAll(io.LimitReader(p, maxText+1))
	if err != nil {
		return "", err
	}
	if len(text) > maxText {
		return "", &http.MaxBytesError{Limit: maxText}
	}
	return string(text), nil
}

// OpenParts begins to read a form with files in parts, at most limit bytes of it.
// Such a form may take hours to arrive, but not stand still. Its token has to be
// its first field (ui.Form writes it there) and is read here, so that the check of
// the token comes before anything is read of what the form brings.
func OpenParts(c echo.Context, limit int64) error {
	r := c.Request()
	if r.ContentLength > limit {
		return &http.MaxBytesError{Limit: limit}
	}
	moving := &moving{body: r.Body, connection: http.NewResponseController(c.Response())}
	r.Body = http.MaxBytesReader(c.Response(), moving, limit)
	reader, err := r.MultipartReader()
	if err != nil {
		return malformed(err)
	}
	// Whoever looks for a field finds the token alone, and the body stays unread.
	r.Form, r.PostForm = url.Values{}, url.Values{}
	parts := &Parts{reader: reader, body: r.Body}
	first, err := parts.Next()
	switch {
	case errors.Is(err, io.EOF):
	case err != nil:
		return err
	case first.FormName() == tokenField:
		token, err := io.ReadAll(io.LimitReader(first, maxToken))
		if err != nil {
			return err
		}
		r.PostForm.Set(tokenField, string(token))
		r.Form.Set(tokenField, string(token))
	default:
		parts.first = first
	}
	c.Set(partsKey, parts)
	return nil
}

// PartsOf returns the form of a route whose forms are read in parts; invalid when
// the request brought none.
func PartsOf(c echo.Context) (*Parts, error) {
	if parts, ok := c.Get(partsKey).(*Parts); ok {
		return parts, nil
	}
	return nil, malformed(echo.ErrUnsupportedMediaType)
}

// Next returns the next part, whose predecessor is then over, and io.EOF after the
// last one. A form that is larger than it may be is an *http.MaxBytesError, a
// malformed one or one that breaks off invalid.
func (p *Parts) Next() (*Part, error) {
	if first := p.first; first != nil {
		p.first = nil
		return first, nil
	}
	if p.count++; p.count > maxParts {
		return nil, malformed(errors.New("form: too many parts"))
	}
	part, err := p.reader.NextPart()
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	if err != nil {
		return nil, tooLargeOr(err)
	}
	return &Part{part}, nil
}

// Skip reads what is left of a form that is refused, unless it is much: a browser
// sends the whole form before it looks for the answer, and takes a connection that
// closes meanwhile for a failure.
func (p *Parts) Skip() {
	_, _ = io.CopyN(io.Discard, p.body, maxRest)
}

func tooLargeOr(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return tooLarge
	}
	return malformed(err)
}

// moving gives every read a deadline of its own, and none to what is done after
// the last one.
type moving struct {
	body       io.ReadCloser
	connection *http.ResponseController
}

// Read reads from the body. A connection without deadlines, as in tests, has
// nothing to bound.
func (m *moving) Read(p []byte) (int, error) {
	_ = m.connection.SetReadDeadline(time.Now().Add(silence))
	n, err := m.body.Read(p)
	if err != nil {
		_ = m.connection.SetReadDeadline(time.Time{})
	}
	return n, err
}

func (m *moving) Close() error { return m.body.Close() }
