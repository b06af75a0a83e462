package runner

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// lockDir holds one lock file per user id in use. Only root writes there, and only root gives out user ids.
const lockDir = "/run/envshare-workers"

// slotCount is how many user ids above UIDBase a server may use.
const slotCount = 4096

// slots gives every live worker its own user id when the server runs as root, so that workers cannot read each
// other's memory or send each other signals. The locks hold between servers on one machine as well.
// Without root there are no ids to give and every slot is zero.
type slots struct {
	base int
}

// slot is one user and group id, and the lock that keeps it. A nil slot means the server's own user.
type slot struct {
	uid  int
	lock *os.File
}

func (s slots) take() (*slot, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	if err := os.MkdirAll(lockDir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of worker user ids: %w", err)
	}
	for uid := s.base; uid < s.base+slotCount; uid++ {
		lock, err := os.OpenFile(filepath.Join(lockDir, strconv.Itoa(uid)), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, fmt.Errorf("open lock of worker user id: %w", err)
		}
		if err = unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err == nil {
			return &slot{uid: uid, lock: lock}, nil
		}
		_ = lock.Close()
	}
	return nil, errors.New("no worker user id is free")
}

// release gives the user id back. The worker's whole process group must be gone.
func (s *slot) release() {
	if s != nil {
		_ = s.lock.Close()
	}
}
