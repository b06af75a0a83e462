package admin

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// numbered returns a signature of its own for every number, all in one shard.
func numbered(n int) string { return fmt.Sprintf("00%030x%032x", n, 0) }

func TestASignatureIsAcceptedOnce(t *testing.T) {
	var r replays
	for n := range 3 {
		if !r.first(numbered(n)) || r.first(numbered(n)) {
			t.Errorf("signature %d", n)
		}
	}
	if r.first(strings.Repeat("z", signatureDigits)) {
		t.Error("a signature that is no number was accepted")
	}
}

// TestNoGenuineSignatureRepeats goes through a capture of distinct calls.
func TestNoGenuineSignatureRepeats(t *testing.T) {
	var r replays
	count := 0
	for _, v := range loadVectors(t, "captured.json") {
		auth, err := ParseAuthorization(v.header("authorization"))
		if err != nil {
			t.Fatal(err)
		}
		if !r.first(auth.Signature) {
			t.Errorf("%s: seen before", v.Name)
		}
		count++
	}
	if count < 200 {
		t.Errorf("only %d captures", count)
	}
}

func TestTheOldestSignaturesAreForgotten(t *testing.T) {
	var r replays
	for n := range replaysPerShard + 2 {
		if !r.first(numbered(n)) {
			t.Fatalf("signature %d", n)
		}
	}
	if n := len(r.shards[0].seen); n != replaysPerShard || len(r.shards[0].order) != n {
		t.Errorf("%d signatures are kept", n)
	}
	if r.first(numbered(2)) || r.first(numbered(replaysPerShard+1)) {
		t.Error("a newer signature was forgotten")
	}
	if !r.first(numbered(0)) {
		t.Error("the oldest signature is still known")
	}
}

func TestOneOfManyAtOnceIsTheFirst(t *testing.T) {
	var r replays
	var firsts atomic.Int32
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for n := range 100 {
				if r.first(numbered(n)) {
					firsts.Add(1)
				}
			}
		})
	}
	group.Wait()
	if firsts.Load() != 100 {
		t.Errorf("%d were the first of 100", firsts.Load())
	}
}

func BenchmarkReplays(b *testing.B) {
	signatures := make([]string, 1<<16)
	for i := range signatures {
		signatures[i] = fmt.Sprintf("%02x%030x%032x", i%256, i, 0)
	}
	var r replays
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.first(signatures[i%len(signatures)])
	}
}
