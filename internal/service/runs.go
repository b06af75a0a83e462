package service

import "sync"

// runs knows which invocations run on this node right now. A worker reaches the
// gateway of its own node, so a credential of an invocation that is not among
// them has left its function, or outlived it, and is refused.
type runs struct{ ids sync.Map }

func (r *runs) begin(requestID string) { r.ids.Store(requestID, struct{}{}) }

func (r *runs) end(requestID string) { r.ids.Delete(requestID) }

func (r *runs) live(requestID string) bool {
	_, ok := r.ids.Load(requestID)
	return ok
}

// over reports whether claims belong to an invocation that does not run.
func (r *runs) over(c claims) bool {
	return (c.Kind == kindInvocation || c.Kind == kindUser) && c.RequestID != "" && !r.live(c.RequestID)
}
