package intake

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func TestBodiesShareABudget(t *testing.T) {
	b := Budget{Limit: 10}
	read := func(text, ip string) (*Metered, error) {
		m := b.Meter(io.NopCloser(strings.NewReader(text)), ip)
		_, err := io.ReadAll(m)
		return m, err
	}
	first, err := read("1234567890", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	second, err := read("1", "127.0.0.1")
	if !errors.Is(err, ErrBusy) {
		t.Errorf("one byte too many: %v", err)
	}
	second.Release()
	first.Release()
	first.Release()
	if b.used != 0 {
		t.Errorf("%d bytes are still counted", b.used)
	}
	if _, err := read("1234567890", "127.0.0.1"); err != nil {
		t.Errorf("after the others: %v", err)
	}
}

func TestOneSenderTakesAtMostHalf(t *testing.T) {
	for name, c := range map[string]struct {
		first, second string
		refused       bool
	}{
		"the same address":                      {"192.0.2.1", "192.0.2.1", true},
		"the same address, written for IPv6":    {"192.0.2.1", "::ffff:192.0.2.1", true},
		"one network of IPv6":                   {"2001:db8::1", "2001:db8::ffff:2", true},
		"another address":                       {"192.0.2.1", "192.0.2.2", false},
		"another network of IPv6":               {"2001:db8::1", "2001:db8:0:1::1", false},
		"this machine, whoever else takes half": {"192.0.2.1", "127.0.0.1", false},
		"this machine twice":                    {"::1", "127.0.0.1", false},
	} {
		t.Run(name, func(t *testing.T) {
			b := Budget{Limit: 10}
			first := b.Meter(io.NopCloser(strings.NewReader("12345")), c.first)
			if _, err := io.ReadAll(first); err != nil {
				t.Fatalf("half of the budget: %v", err)
			}
			second := b.Meter(io.NopCloser(strings.NewReader("1")), c.second)
			if _, err := io.ReadAll(second); errors.Is(err, ErrBusy) != c.refused {
				t.Errorf("the next byte: %v", err)
			}
			second.Release()
			first.Release()
			if b.used != 0 || len(b.senders) != 0 {
				t.Errorf("still counted: %d bytes, %d senders", b.used, len(b.senders))
			}
		})
	}
}
