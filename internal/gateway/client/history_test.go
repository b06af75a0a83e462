package client

import (
	"strings"
	"testing"
	"time"

	"envshare/internal/service"
)

func change(id int64, bytes int) []event {
	return []event{{ID: id, Doc: strings.Repeat("x", bytes)}}
}

func TestHistoryIsBounded(t *testing.T) {
	var all followings
	h := history{kept: &all.bytes}
	for id := int64(2); id < 40; id++ {
		h.add(change(id, 100<<10))
	}
	if h.bytes > maxHistoryBytes || all.bytes.Load() != int64(h.bytes) || len(h.events) == 0 {
		t.Errorf("%d bytes in %d events, %d counted", h.bytes, len(h.events), all.bytes.Load())
	}
	if _, ok := h.since(2); ok {
		t.Error("dropped events are not missed")
	}
	if events, ok := h.since(38); !ok || len(events) != 1 || events[0].ID != 39 {
		t.Errorf("the latest: %v", ok)
	}
	h.add(change(40, maxHistoryBytes+1))
	if _, ok := h.since(39); ok || h.bytes != 0 {
		t.Errorf("a change that is too large was kept: %d bytes", h.bytes)
	}
	for id := int64(41); id < 43+maxHistory; id++ {
		h.add(change(id, 0))
	}
	if _, ok := h.since(41); ok || len(h.events) != maxHistory {
		t.Errorf("%d events are kept", len(h.events))
	}

	other := history{kept: &all.bytes}
	all.bytes.Add(maxHistories)
	other.add(change(2, 10))
	if _, ok := other.since(1); ok {
		t.Error("kept beyond the bound of all watches")
	}
	all.bytes.Add(-maxHistories)
	other.add(change(3, 10))
	other.drop()
	other.add(change(4, 10)) // of a run that has not noticed its end
	h.drop()
	if all.bytes.Load() != 0 {
		t.Errorf("%d bytes are still counted", all.bytes.Load())
	}
}

// A change of several documents is dropped or kept whole.
func TestHistoryNeverGivesHalfAChange(t *testing.T) {
	var all followings
	h := history{kept: &all.bytes}
	half := strings.Repeat("x", maxHistoryBytes*2/3)
	h.add([]event{{ID: 2, Doc: half}, {ID: 2, Doc: half}})
	if _, ok := h.since(1); ok {
		t.Error("half a change was given")
	}
	if _, ok := h.since(2); !ok {
		t.Error("whoever has it all is refused")
	}
}

// A watch that nobody comes back for ends by itself.
func TestFollowingsEndInTime(t *testing.T) {
	all := followings{keep: 10 * time.Millisecond}
	f := all.follow(&service.Watch{}, "p")
	if !all.add(f) {
		t.Fatal("no room")
	}
	ended := make(chan struct{})
	f.closing = func() { close(ended) }
	all.leave(f)
	<-ended
	if all.find(f.id, "p") != nil || len(all.of) != 0 {
		t.Error("it is still there")
	}
	if taken, _, _ := all.take(f, &socket{}); taken {
		t.Error("it was taken")
	}
}

func TestOnePersonFollowsSoMuch(t *testing.T) {
	all := followings{keep: time.Hour}
	for i := range maxOfPerson + 1 {
		f := all.follow(nil, "p")
		if all.add(f) != (i < maxOfPerson) {
			t.Fatalf("the %dth watch", i+1)
		}
	}
	if !all.add(all.follow(nil, "q")) {
		t.Error("another person has no room")
	}
}
