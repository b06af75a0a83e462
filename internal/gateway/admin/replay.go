package admin

import (
	"encoding/hex"
	"sync"
)

// replays remembers the signatures that were accepted, so that a captured
// request cannot be sent again while its timestamp is still good. No genuine
// request repeats a signature: it covers the address with its running seqId and
// X-Client-Timestamp.
//
// Memory is bounded: the newest signatures are kept, by count and not by time,
// because an older one than MaxSkew is refused by its timestamp anyway. A node
// that accepts more calls than it remembers within MaxSkew forgets the oldest
// early, and every node remembers its own; what bounds a replay then is the
// credential's end, as in the vendor's service, which remembers nothing.
type replays struct {
	shards [replayShards]replayShard
}

const (
	replayShards = 16
	// rememberedSignatures per node take about 12 MB.
	rememberedSignatures = 200_000
	replaysPerShard      = rememberedSignatures / replayShards
)

// replayKey is half of a signature: 128 bits that nobody can choose.
type replayKey [signatureDigits / 4]byte

type replayShard struct {
	mu     sync.Mutex
	seen   map[replayKey]struct{}
	order  []replayKey // a ring once it is full
	oldest int
}

// first reports whether a verified signature was never seen before, and
// remembers it. Only verified ones may come here: others would push them out.
func (r *replays) first(signature string) bool {
	var key replayKey
	if _, err := hex.Decode(key[:], []byte(signature[:2*len(key)])); err != nil {
		return false
	}
	s := &r.shards[key[0]%replayShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.seen[key]; known {
		return false
	}
	if s.seen == nil {
		s.seen = make(map[replayKey]struct{})
	}
	s.seen[key] = struct{}{}
	if len(s.order) < replaysPerShard {
		s.order = append(s.order, key)
		return true
	}
	delete(s.seen, s.order[s.oldest])
	s.order[s.oldest] = key
	s.oldest = (s.oldest + 1) % replaysPerShard
	return true
}
