package client

import (
	"context"
	"time"

	"envshare/internal/service"
)

func (h *Handler) uploadFile(ctx context.Context, c *call) (inner, error) {
	var p struct {
		Path string `json:"path"`
	}
	if err := c.params(&p); err != nil {
		return nil, err
	}
	ticket, fileID, err := h.clients.Upload(ctx, c.client, p.Path)
	if err != nil {
		return nil, err
	}
	base, err := h.credentials.GatewayURL(ctx)
	// The ticket stands in the address; the SDK sends the other three back as fields of
	// the form, and the upload compares them.
	return inner{
		"url": base + service.UploadPath + ticket, "authorization": ticket, "token": uploadToken, "cos_file_id": fileID, "file_id": fileID,
	}, err
}

// uploadToken fills a field that this storage does not need.
const uploadToken = "ticket"

func (h *Handler) downloadFile(ctx context.Context, c *call) (inner, error) {
	var p struct {
		FileID string `json:"fileid"`
	}
	if err := c.params(&p); err != nil {
		return nil, err
	}
	results, err := h.clients.Download(ctx, c.client, []service.FileRequest{{FileID: p.FileID}})
	if err != nil {
		return nil, err
	}
	if results[0].Err != nil {
		return nil, results[0].Err
	}
	base, err := h.credentials.GatewayURL(ctx)
	return inner{"download_url": base + service.DownloadPath + results[0].Ticket}, err
}

// fileRow is the answer of one file.
type fileRow struct {
	FileID string `json:"fileid"`
	URL    string `json:"download_url,omitempty"`
	MaxAge int    `json:"max_age,omitempty"` // seconds
	Status int    `json:"status"`            // 0 is a success
	ErrMsg string `json:"errmsg"`
}

func (c *call) row(r service.FileResult) fileRow {
	if r.Err == nil {
		return fileRow{FileID: r.FileID, MaxAge: int(r.MaxAge.Seconds()), ErrMsg: "ok"}
	}
	refused := refusalOf(r.Err, surfaceStorage, c.client.RequestID)
	status, err := refused.number.Int64()
	if err != nil || status == 0 {
		status = numberSystem
	}
	return fileRow{FileID: r.FileID, Status: int(status), ErrMsg: refused.text}
}

func (h *Handler) tempFileURL(ctx context.Context, c *call) (inner, error) {
	var p struct {
		List []struct {
			FileID string  `json:"fileid"`
			MaxAge float64 `json:"max_age"` // seconds
		} `json:"file_list"`
	}
	if err := c.params(&p); err != nil {
		return nil, err
	}
	list := make([]service.FileRequest, len(p.List))
	for i, one := range p.List {
		list[i] = service.FileRequest{FileID: one.FileID, MaxAge: time.Duration(min(max(one.MaxAge, 0), 1e7) * float64(time.Second))}
	}
	results, err := h.clients.Download(ctx, c.client, list)
	if err != nil {
		return nil, err
	}
	base, err := h.credentials.GatewayURL(ctx)
	rows := make([]fileRow, len(results))
	for i, r := range results {
		if rows[i] = c.row(r); r.Err == nil {
			rows[i].URL = base + service.DownloadPath + r.Ticket
		}
	}
	return inner{"download_list": rows}, err
}

func (h *Handler) deleteFile(ctx context.Context, c *call) (inner, error) {
	var p struct {
		List []string `json:"fileid_list"`
	}
	if err := c.params(&p); err != nil {
		return nil, err
	}
	list := make([]service.FileRequest, len(p.List))
	for i, id := range p.List {
		list[i].FileID = id
	}
	results, err := h.clients.DeleteFiles(ctx, c.client, list)
	if err != nil {
		return nil, err
	}
	rows := make([]fileRow, len(results))
	for i, r := range results {
		rows[i] = c.row(r)
	}
	return inner{"delete_list": rows}, nil
}
