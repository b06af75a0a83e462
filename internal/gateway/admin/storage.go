package admin

import (
	"context"
	"time"

	"envshare/internal/service"
	"envshare/models"
)

// storageActions are the actions of admin protocol, section 10.
var storageActions = map[string]func(*Handler, context.Context, *call) (Answer, error){
	"storage.getUploadMetadata":   (*Handler).getUploadMetadata,
	"storage.batchGetDownloadUrl": (*Handler).batchGetDownloadURL,
	"storage.batchDeleteFile":     (*Handler).batchDeleteFile,
	"storage.batchCopyFile":       (*Handler).batchCopyFile,
	"storage.getFileAuthority":    (*Handler).getFileAuthority,
}

// Addresses of the gateway's files, behind which a ticket stands.
const (
	UploadPath   = service.UploadPath
	DownloadPath = service.DownloadPath
)

// filesURL is where clients reach the gateway: as it was configured, since an
// address given to a function travels on to people.
func (h *Handler) filesURL(ctx context.Context) (string, error) {
	return h.credentials.GatewayURL(ctx)
}

func (h *Handler) getUploadMetadata(ctx context.Context, c *call) (Answer, error) {
	path, _ := c.String("path")
	ticket, fileID, err := h.files.Upload(ctx, c.cred, c.info, path)
	if err != nil {
		return Answer{}, err
	}
	base, err := h.filesURL(ctx)
	// The SDK puts token and authorization into headers, which the address makes
	// unnecessary; neither may be missing.
	return Answer{Data: struct {
		URL           string `json:"url"`
		Token         string `json:"token"`
		Authorization string `json:"authorization"`
		FileID        string `json:"fileId"`
		COSFileID     string `json:"cosFileId"`
	}{base + UploadPath + ticket, "ticket", "ticket", fileID, "ticket"}}, err
}

// fileAnswer is the result of one file. Names and emptiness are as the SDKs
// expect them.
type fileAnswer struct {
	Code    string  `json:"code"`
	FileID  string  `json:"fileID"`
	URL     *string `json:"tempFileURL,omitempty"`
	MaxAge  int     `json:"maxAge,omitempty"`
	Message string  `json:"message,omitempty"`
}

const fileDone = "SUCCESS"

// fileOf makes the answer of one file.
func (h *Handler) fileOf(r service.FileResult, requestID string) fileAnswer {
	if r.Err == nil {
		return fileAnswer{Code: fileDone, FileID: r.FileID, MaxAge: int(r.MaxAge.Seconds())}
	}
	f := rowOf(r.Err).on("storage.").failure(r.Err, requestID)
	return fileAnswer{Code: f.Code, FileID: r.FileID, Message: f.Message}
}

func (h *Handler) batchGetDownloadURL(ctx context.Context, c *call) (Answer, error) {
	var sent []struct {
		FileID string  `json:"fileid"`
		MaxAge float64 `json:"max_age"`
	}
	if err := c.decode("file_list", &sent); err != nil {
		return Answer{}, err
	}
	list := make([]service.FileRequest, len(sent))
	for i, s := range sent {
		list[i] = service.FileRequest{FileID: s.FileID, MaxAge: time.Duration(min(max(s.MaxAge, 0), 1e7) * float64(time.Second))}
	}
	results, err := h.files.Download(ctx, c.cred, c.info, list)
	if err != nil {
		return Answer{}, err
	}
	base, err := h.filesURL(ctx)
	out := make([]fileAnswer, len(results))
	for i, r := range results {
		out[i] = h.fileOf(r, c.info.RequestID)
		url := ""
		if r.Err == nil {
			url = base + DownloadPath + r.Ticket
		}
		out[i].URL = &url
	}
	return Answer{Data: struct {
		List []fileAnswer `json:"download_list"`
	}{out}}, err
}

func (h *Handler) batchDeleteFile(ctx context.Context, c *call) (Answer, error) {
	var sent []string
	if err := c.decode("fileid_list", &sent); err != nil {
		return Answer{}, err
	}
	list := make([]service.FileRequest, len(sent))
	for i, id := range sent {
		list[i].FileID = id
	}
	results, err := h.files.Delete(ctx, c.cred, c.info, list)
	return Answer{Data: struct {
		List []fileAnswer `json:"delete_list"`
	}{h.filesOf(results, c)}}, err
}

func (h *Handler) filesOf(results []service.FileResult, c *call) []fileAnswer {
	out := make([]fileAnswer, len(results))
	for i, r := range results {
		out[i] = h.fileOf(r, c.info.RequestID)
	}
	return out
}

func (h *Handler) batchCopyFile(ctx context.Context, c *call) (Answer, error) {
	var sent []struct {
		From      string `json:"src_path"`
		To        string `json:"dst_path"`
		Overwrite *bool  `json:"overwrite"`
		Move      bool   `json:"remove_original"`
	}
	if err := c.decode("file_list", &sent); err != nil {
		return Answer{}, err
	}
	list := make([]service.CopyRequest, len(sent))
	for i, s := range sent {
		list[i] = service.CopyRequest{From: s.From, To: s.To, Overwrite: s.Overwrite == nil || *s.Overwrite, Move: s.Move}
	}
	results, err := h.files.Copy(ctx, c.cred, c.info, list)
	type copied struct {
		Code    string `json:"code"`
		FileID  string `json:"fileId"`
		Message string `json:"message,omitempty"`
	}
	out := make([]copied, len(results))
	for i, r := range results {
		one := h.fileOf(r, c.info.RequestID)
		out[i] = copied{one.Code, one.FileID, one.Message}
	}
	return Answer{Data: struct {
		List []copied `json:"copy_list"`
	}{out}}, err
}

// getFileAuthority says that code of the server may read and write all files: it
// passes the rules that bind end users.
func (h *Handler) getFileAuthority(ctx context.Context, c *call) (Answer, error) {
	var sent []struct {
		Type string `json:"type"`
		Path string `json:"path"`
	}
	if err := c.decode("fileList", &sent); err != nil {
		return Answer{}, err
	}
	list := make([]service.FileRequest, len(sent))
	for i, s := range sent {
		list[i].FileID = s.Path
	}
	results, err := h.files.Download(ctx, c.cred, c.info, list)
	if err != nil {
		return Answer{}, err
	}
	type authority struct {
		FileID string `json:"cosFileId"`
		Path   string `json:"path"`
		Read   bool   `json:"read"`
	}
	out := make([]authority, len(results))
	for i, r := range results {
		if r.Err != nil && !models.IsCode(r.Err, models.CodeFileUnknown) {
			return Answer{}, r.Err
		}
		out[i] = authority{r.FileID, r.FileID, r.Err == nil}
	}
	return Answer{Data: out}, nil
}
