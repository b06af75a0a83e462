package service

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/aggregate"
	"envshare/internal/docdb/ejson"
	"envshare/internal/docdb/value"
	"envshare/models"
)

// simulateAggregate decides a pipeline, and returns the condition that would be run
// before its stages, where it is not the one that was given. Collections that it
// joins are judged by the rules that are saved, and this one by those in the editor.
func (s *AccessSettings) simulateAggregate(ctx context.Context, g guard, in Simulation) (string, error) {
	stages, err := s.simulatedStages(in.Stages)
	if err != nil {
		return "", inField("stages", err)
	}
	run, err := g.pipeline(ctx, stages)
	if err != nil {
		return "", inField("stages", err)
	}
	decided := *g.verdict
	if g.scope.facts, err = s.facts.fresh(ctx); err != nil {
		return "", err
	}
	for _, name := range aggregate.Joins(stages) {
		other, err := g, error(nil)
		if name != g.collection {
			other, err = s.clients.guardOn(ctx, g.scope, ClientCall{}, name)
		}
		if err != nil {
			return "", inField("stages", err)
		}
		other.input, other.verdict = g.input, g.verdict
		if err := other.allowWhole(ctx); err != nil {
			return "", err
		}
	}
	*g.verdict = decided
	came, _, _ := firstFilter(stages)
	narrowed, _, _ := firstFilter(run)
	if string(came) == string(narrowed) {
		return "", nil
	}
	return string(ejson.AppendDocument(nil, narrowed)), nil
}

// simulatedStages reads a pipeline as it is written in programs: a list of objects,
// of one stage each.
func (s *AccessSettings) simulatedStages(text string) ([]aggregate.Stage, error) {
	malformed := models.E(models.CodeInvalid, "simulate.stages_malformed")
	if text == "" {
		return nil, nil
	}
	v, err := ejson.DecodeValue([]byte(text), s.clock(), clientLimits)
	if err != nil {
		return nil, err
	}
	array, ok := value.AsArray(v)
	if !ok {
		return nil, malformed
	}
	var stages []aggregate.Stage
	it := value.Iterate(array)
	for it.Next() {
		doc, _ := value.AsDocument(it.Value())
		one := value.Iterate(bson.Raw(doc))
		if !one.Next() || len(stages) == maxStages {
			return nil, malformed
		}
		stages = append(stages, aggregate.Stage{Name: string(one.Key()), Value: one.Value()})
		if one.Next() {
			return nil, malformed
		}
	}
	return stages, nil
}
