package admin_test

import (
	"testing"
)

// BenchmarkInvokeTrivial is a call as a client makes it: signed, over HTTP,
// through a worker.
func BenchmarkInvokeTrivial(b *testing.B) {
	w, cred := running(b)
	for b.Loop() {
		if got := w.call(b, cred, "a-main", "echo", `{"a":1}`); got.Code != "" {
			b.Fatal(got.text)
		}
	}
}

// BenchmarkCrossAccountInit is init() with a cloudbase_auth that lets in.
func BenchmarkCrossAccountInit(b *testing.B) {
	w := lending(b)
	cred, _ := w.Credential(b, appA, "a-main")
	for b.Loop() {
		if got := w.handshake(b, cred, appB, "b-main"); got.ErrCode != "" {
			b.Fatal(got.text)
		}
	}
}
