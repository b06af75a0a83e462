package service

import (
	"strconv"
	"testing"
	"time"

	"envshare/models"
)

// A visitor's page names itself, so one address could take everybody's place.
func TestCallsOfVisitorsTakeNobodysPlace(t *testing.T) {
	c := &clock{t: start}
	p := newPolls(c.now)
	begin := func(call ClientCall, n int) (refused int) {
		for i := range n {
			one, _, err := p.begin(pollKey{person: call.Person(strconv.Itoa(i)), call: strconv.Itoa(i)}, call.pollShares())
			if models.IsCode(err, models.CodeLimited) {
				refused++
				continue
			}
			must(t, err)
			p.end(one, CallResult{Value: []byte("result")}, nil)
		}
		return refused
	}
	person := func(openID string) ClientCall {
		return ClientCall{Client: Client{models.ClientSession{ID: "s", AppID: shop, OpenID: openID}}}
	}
	for _, step := range []struct {
		name    string
		call    ClientCall
		n, want int
	}{
		{"one address", ClientCall{IP: "203.0.113.7"}, maxPolledAddress + 100, 100},
		{"one network of IPv6", ClientCall{IP: "2001:db8::1"}, maxPolledAddress, 0},
		{"its neighbour", ClientCall{IP: "2001:db8::2"}, 1, 1},
		{"another address", ClientCall{IP: "203.0.113.8"}, 100, 0},
		{"this machine, which may be everybody", ClientCall{IP: "127.0.0.1"}, maxPolledVisitors, 2*maxPolledAddress + 100},
		{"a visitor, when they have no more room", ClientCall{IP: "203.0.113.9"}, 1, 1},
		{"a person then", person("o-1"), maxPolled + 1, 1},
		{"another person", person("o-2"), 1, 0},
	} {
		if refused := begin(step.call, step.n); refused != step.want {
			t.Errorf("%s: %d refused, want %d", step.name, refused, step.want)
		}
	}
	c.advance(keepResult + time.Second)
	if refused := begin(person("o-3"), 1); refused != 0 || len(p.calls) != 1 || len(p.of) != 1 {
		t.Errorf("%d calls of %d are remembered when their time is over", len(p.calls), len(p.of))
	}
	if p.bytes != len("result") {
		t.Errorf("%d bytes are counted", p.bytes)
	}
}
