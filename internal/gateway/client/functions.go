package client

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"envshare/internal/service"
	"envshare/models"
)

// functionParams are the parameters of client protocol, section 5.
type functionParams struct {
	Name     string  `json:"function_name"`
	Data     *string `json:"data"`
	Action   int     `json:"action"` // 1 call, 2 poll
	CallID   string  `json:"call_id"`
	CloudIDs []struct {
		Name    string `json:"key_name"`
		CloudID string `json:"cloud_id"`
	} `json:"cloudid_list"`
}

const actionPoll = 2

// hold is how long a request waits for a function. The SDK gives up on a silent
// one after 15 s, and asks again at once after an answer.
const hold = 8 * time.Second

// What a call's status says.
const (
	statusPending = 0
	statusDone    = 1
	statusGone    = 2
)

func (h *Handler) callFunction(ctx context.Context, c *call) (inner, error) {
	var p functionParams
	if err := c.params(&p); err != nil {
		return nil, err
	}
	f := service.FunctionCall{Name: p.Name, CallID: p.CallID, Page: c.Data.Meta.SessionID, Hold: h.cfg.Hold}
	if p.Action != actionPoll {
		f.Event = json.RawMessage("{}")
		if p.Data != nil && *p.Data != "" {
			f.Event = json.RawMessage(*p.Data)
		}
	}
	for _, id := range p.CloudIDs {
		f.CloudIDs = append(f.CloudIDs, service.CloudIDField{Name: id.Name, CloudID: id.CloudID})
	}
	answer, err := h.clients.Call(ctx, c.client, f)
	switch {
	case err != nil:
		return failedFunction(err, c.client.RequestID)
	case answer.Gone:
		return inner{"status": statusGone}, nil
	case answer.Pending:
		return inner{"status": statusPending}, nil
	}
	in := inner{"status": statusDone, "service_errcode": 0, "service_errmsg": "", "func_request_id": answer.RunID}
	if len(answer.Value) > 0 {
		in["data"] = string(plain(answer.Value))
	}
	return in, nil
}

// failedFunction answers a call that has no result. The SDK shows programs the
// number only as part of a text, and only when it stands in service_errcode; a
// refusal that stands in baseresponse it hides.
func failedFunction(err error, requestID string) (inner, error) {
	r := refusalOf(err, surfaceFunctions, requestID)
	if r.ours {
		return nil, err
	}
	var e *models.Error
	if number, convErr := r.number.Int64(); convErr == nil && number == numberThrew && errors.As(err, &e) && e.Detail != "" {
		r.text = e.Detail // the stack, for whoever wrote the function
	}
	return inner{"status": statusDone, "service_errcode": r.number, "service_errmsg": r.text, "func_request_id": requestID}, nil
}
