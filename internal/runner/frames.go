package runner

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// Frames between server and worker: four bytes of length, big endian, then JSON text of that length.

// loadFrame makes a spare the worker of one version.
type loadFrame struct {
	Type     string            `json:"type"` // "load"
	ID       string            `json:"id"`
	Env      map[string]string `json:"env"`
	Settings loadSettings      `json:"settings"`
}

type loadSettings struct {
	LogLimit    int `json:"logLimit"`
	ResultLimit int `json:"resultLimit"`
	Concurrency int `json:"concurrency"`
}

// invokeFrame starts one invocation.
type invokeFrame struct {
	Type    string            `json:"type"` // "invoke"
	ID      string            `json:"id"`
	Event   json.RawMessage   `json:"event"`
	Env     map[string]string `json:"env"`
	Context invokeContext     `json:"context"`
}

// invokeContext is the second argument of exports.main, as the SDK's parseContext wants it
// (admin protocol, section 15). The worker adds the variables as JSON text.
type invokeContext struct {
	RequestID       string `json:"request_id"`
	MemoryLimitInMB int    `json:"memory_limit_in_mb"`
	TimeLimitInMS   int64  `json:"time_limit_in_ms"`
	FunctionVersion string `json:"function_version"`
	FunctionName    string `json:"function_name"`
	Namespace       string `json:"namespace"`
}

// workerFrame is anything a worker says. User code can write to the channel too, so nothing in it is trusted.
type workerFrame struct {
	Type      string          `json:"type"` // "ready", "loaded", "log", "result" or "retire"
	ID        string          `json:"id"`
	Status    Status          `json:"status"`
	Value     json.RawMessage `json:"value"`
	Error     string          `json:"error"`
	Stream    string          `json:"stream"`
	Time      int64           `json:"time"` // milliseconds since 1970
	Text      string          `json:"text"`
	Truncated bool            `json:"truncated"`
}

// encodeFrame returns the bytes of a frame that holds v.
func encodeFrame(v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode frame: %w", err)
	}
	frame := make([]byte, 4, 4+len(body))
	binary.BigEndian.PutUint32(frame, uint32(len(body)))
	return append(frame, body...), nil
}

// readFrame reads one frame of at most limit bytes. It returns io.EOF when the worker closed the channel.
func readFrame(r *bufio.Reader, limit int) (workerFrame, error) {
	var header [4]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return workerFrame{}, err
	}
	size := binary.BigEndian.Uint32(header[:])
	if int64(size) > int64(limit) {
		return workerFrame{}, fmt.Errorf("frame of %d bytes is over the limit of %d", size, limit)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(r, body); err != nil {
		return workerFrame{}, err
	}
	var f workerFrame
	if err := json.Unmarshal(body, &f); err != nil {
		return workerFrame{}, fmt.Errorf("decode frame: %w", err)
	}
	return f, nil
}
