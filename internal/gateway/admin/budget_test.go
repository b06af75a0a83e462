package admin

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func TestBodiesShareABudget(t *testing.T) {
	b := budget{limit: 10}
	read := func(text string) (*metered, error) {
		m := b.meter(io.NopCloser(strings.NewReader(text)))
		_, err := io.ReadAll(m)
		return m, err
	}
	first, err := read("1234567890")
	if err != nil {
		t.Fatal(err)
	}
	second, err := read("1")
	if !errors.Is(err, errBusy) {
		t.Errorf("one byte too many: %v", err)
	}
	second.release()
	first.release()
	first.release()
	if used := b.used.Load(); used != 0 {
		t.Errorf("%d bytes are still counted", used)
	}
	if _, err := read("1234567890"); err != nil {
		t.Errorf("after the others: %v", err)
	}
}
