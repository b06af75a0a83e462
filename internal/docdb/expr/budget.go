package expr

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/regex"
	"envshare/internal/docdb/value"
	"envshare/models"
)

// Budget bounds what evaluations may cost, whatever they are asked to compute:
// steps of work, which are about as long as it takes to look at one element, and
// bytes that are held at the same time. It is asked before memory is taken, and
// looks at a context every few thousand steps. It is not safe for concurrent use.
type Budget struct {
	ctx   context.Context
	most  int    // steps of one evaluation
	left  int    // of them
	quiet int    // steps until the context is looked at again
	bytes *int64 // that may still be held

	patterns map[string]*regex.Pattern
}

// Defaults of a Budget.
const (
	DefaultSteps = 20_000_000
	DefaultBytes = 100 << 20
)

// quietSteps are below a millisecond.
const quietSteps = 4096

// NewBudget makes a budget of steps for each evaluation and of bytes, which the
// caller may share with what it keeps itself. Zero and nil stand for the defaults.
func NewBudget(ctx context.Context, steps int, bytes *int64) *Budget {
	if steps <= 0 {
		steps = DefaultSteps
	}
	if bytes == nil {
		most := int64(DefaultBytes)
		bytes = &most
	}
	return &Budget{ctx: ctx, most: steps, left: steps, quiet: quietSteps, bytes: bytes}
}

// Refill starts over with the steps of one evaluation.
func (b *Budget) Refill() { b.left = b.most }

// Restart starts over as NewBudget does, with the same counter of bytes.
func (b *Budget) Restart(ctx context.Context, steps int) {
	if steps <= 0 {
		steps = DefaultSteps
	}
	b.ctx, b.most, b.left, b.quiet = ctx, steps, steps, quietSteps
}

// Spend takes steps. Codes: result_too_large when too many were taken; the
// context's own error when it has ended.
func (b *Budget) Spend(steps int) error {
	b.left -= steps
	b.quiet -= steps
	if b.left < 0 {
		return models.E(models.CodeResultTooLarge, "docdb.expr_steps", "steps", b.most)
	}
	if b.quiet < 0 {
		b.quiet = quietSteps
		return b.ctx.Err()
	}
	return nil
}

// Alive returns the context's error once it has ended.
func (b *Budget) Alive() error { return b.ctx.Err() }

// Hold takes bytes, or gives them back when they are negative.
func (b *Budget) Hold(bytes int) error {
	*b.bytes -= int64(bytes)
	if *b.bytes < 0 {
		return models.E(models.CodeResultTooLarge, "docdb.memory_bound")
	}
	return nil
}

// weight is how many steps it takes to look through a value, and how many
// elements or members it has.
func weight(v bson.RawValue) (steps, members int) {
	steps = len(v.Value) >> 6
	if v.Type != bson.TypeArray && v.Type != bson.TypeEmbeddedDocument {
		return steps, 0
	}
	it := value.Iterate(v.Value)
	for it.Next() {
		members++
	}
	return steps + members, members
}

// memberBytes is what a member takes in memory once its object is taken apart.
const memberBytes = 64

// charge takes the steps of an operator on its arguments, and sees to it that
// there is room for what it makes of them. What it holds, eval gives back.
func (o *operator) charge(s *Scope, arguments []bson.RawValue) error {
	for _, v := range arguments {
		steps, members := weight(v)
		bytes := len(v.Value)
		if o.apart {
			steps += 4 * members
			bytes += members * memberBytes
		}
		if err := s.take(steps, bytes); err != nil {
			return err
		}
	}
	made := 16
	if o.makes != nil {
		made += o.makes(arguments)
	}
	return s.take(1+made>>6, made)
}

func (s *Scope) take(steps, bytes int) error {
	if err := s.Budget.Spend(steps); err != nil {
		return err
	}
	return s.Budget.Hold(bytes)
}
