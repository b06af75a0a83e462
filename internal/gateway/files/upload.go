package files

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"time"

	"envshare/internal/i18n"
	"envshare/internal/service"
	"envshare/models"
)

// Handler serves uploads and downloads.
type Handler struct {
	files  *service.Files
	logger *slog.Logger
}

// New makes the handler.
func New(files *service.Files, logger *slog.Logger) *Handler { return &Handler{files, logger} }

// progress bounds how long a sender may be silent.
const progress = time.Minute

// maxField bounds a field of a form beside the file, and maxFields how many there
// may be.
const (
	maxField  = 64 << 10
	maxFields = 32
)

// Upload takes in a file: the body of a PUT, or the part "file" of a form. Success
// is an empty answer; the SDKs judge by the body alone (admin protocol, section
// 10.2).
func (h *Handler) Upload(w http.ResponseWriter, r *http.Request, ticket, requestID string) {
	body := &moving{body: r.Body, connection: http.NewResponseController(w)}
	file, form, err := fileOf(r, body)
	if err == nil {
		_, err = h.files.Accept(r.Context(), ticket, form, file)
	}
	if err == nil {
		_, err = io.Copy(io.Discard, io.LimitReader(body, maxField)) // what follows the file of a form
	}
	if err != nil {
		h.refuse(r.Context(), w, err, requestID)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// moving gives every read a deadline of its own: an upload may take hours, but
// not stand still.
type moving struct {
	body       io.Reader
	connection *http.ResponseController
}

func (m *moving) Read(p []byte) (int, error) {
	_ = m.connection.SetReadDeadline(time.Now().Add(progress))
	return m.body.Read(p)
}

// fileOf finds the bytes of the file in a request, and what a form says before it.
func fileOf(r *http.Request, body io.Reader) (io.Reader, service.UploadForm, error) {
	var form service.UploadForm
	if r.Method == http.MethodPut {
		return body, form, nil
	}
	malformed := models.E(models.CodeInvalid, "call.body_malformed")
	r.Body = io.NopCloser(body)
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, form, malformed.Wrap(err)
	}
	for range maxFields {
		part, err := parts.NextPart()
		if err != nil {
			return nil, form, malformed.Wrap(err)
		}
		if part.FormName() == "file" {
			return wholePart{part, parts}, form, nil
		}
		value, err := io.ReadAll(io.LimitReader(part, maxField+1))
		if err != nil || len(value) > maxField {
			return nil, form, malformed
		}
		switch part.FormName() {
		case "key":
			form.Key = string(value)
		case "signature":
			form.Signature = string(value)
		}
	}
	return nil, form, malformed
}

// wholePart is the file of a form. It ends well only when the form goes on or
// ends behind it, so that a connection that breaks off stores nothing.
type wholePart struct {
	part  *multipart.Part
	parts *multipart.Reader
}

func (p wholePart) Read(b []byte) (int, error) {
	n, err := p.part.Read(b)
	if errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(err, io.EOF) {
		return n, err
	}
	if _, next := p.parts.NextPart(); next != nil && !errors.Is(next, io.EOF) {
		return n, next
	}
	return n, io.EOF
}

// cosError is how the vendor's storage says what is wrong; the SDKs need all four
// elements.
type cosError struct {
	XMLName   xml.Name `xml:"Error"`
	Code      string
	Message   string
	RequestID string `xml:"RequestId"`
	TraceID   string `xml:"TraceId"`
}

// refusals are status and code of what may be wrong.
var refusals = map[models.Code]struct {
	status int
	code   string
}{
	models.CodeInvalid:           {http.StatusBadRequest, "InvalidArgument"},
	models.CodeForbidden:         {http.StatusForbidden, "AccessDenied"},
	models.CodePermissionMissing: {http.StatusForbidden, "AccessDenied"},
	models.CodeEnvNotShared:      {http.StatusForbidden, "AccessDenied"},
	models.CodeSessionInvalid:    {http.StatusForbidden, "AccessDenied"},
	models.CodeEnvUnknown:        {http.StatusForbidden, "AccessDenied"},
	models.CodeRuleDenied:        {http.StatusForbidden, "AccessDenied"},
	models.CodeFileUnknown:       {http.StatusNotFound, "NoSuchKey"},
	models.CodeUnavailable:       {http.StatusServiceUnavailable, "ServiceUnavailable"},
}

func (h *Handler) refuse(ctx context.Context, w http.ResponseWriter, err error, requestID string) {
	answer, known := refusals[models.CodeOf(err)]
	msg := models.MsgOf(err)
	if !known {
		answer.status, answer.code = http.StatusInternalServerError, "InternalError"
		msg = models.M("call.internal", "request", requestID)
		h.logger.ErrorContext(ctx, "file request failed", "error", err, "request_id", requestID)
	}
	text, err := xml.Marshal(cosError{Code: answer.code, Message: i18n.Both(msg.Key, msg.Args), RequestID: requestID, TraceID: requestID})
	if err != nil {
		h.logger.ErrorContext(ctx, "file refusal not written", "error", err, "request_id", requestID)
		return
	}
	w.Header().Set("Content-Type", "application/xml")
	// The rest of an upload is not read.
	w.Header().Set("Connection", "close")
	w.WriteHeader(answer.status)
	_, _ = w.Write(append([]byte(xml.Header), text...))
}
