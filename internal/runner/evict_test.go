package runner

import (
	"context"
	"testing"
)

// Evicting an environment ends its workers, busy ones too, and no others.
func TestEvict(t *testing.T) {
	r := newRunner(t)
	kept := version(t, "echo", func(v *Version) { v.EnvironmentID = "other-1" })
	invoke(t, r, kept, Invocation{})
	v := version(t, "misbehave")
	done := make(chan Result, 1)
	go func() {
		result, _ := r.Invoke(context.Background(), v, misbehaving(t, "loops"))
		done <- result
	}()
	eventually(t, "it runs", func() bool { return r.Stats().Busy == 1 })

	r.Evict(v.EnvironmentID)
	if got := <-done; got.Status != StatusCrashed || got.Error != "The function's environment was deleted." {
		t.Errorf("got %+v", got)
	}
	if got := invoke(t, r, kept, Invocation{}); got.Status != StatusOK || got.Cold {
		t.Errorf("the other environment's worker: %+v", got)
	}
	r.Evict("nowhere")
}
