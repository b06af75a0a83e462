package service

import (
	"context"
	"slices"
	"sync"
	"time"

	"envshare/internal/docdb"
	"envshare/internal/store"
	"envshare/models"
)

// Statistics are what was called in environments, from the recorder's counts.
type Statistics struct {
	base
	recorder  *recorder
	documents *docdb.DB

	mu    sync.Mutex
	sizes map[string]countedSize // by environment
}

// UsageQuery says which statistics are asked for.
type UsageQuery struct {
	Range models.UsageRange
	// Caller is the only app that is looked at, "" for all.
	Caller string
}

// maxCallers bounds the apps that are named: those with most calls.
const maxCallers = 100

// UsageReport is what was called in an environment.
type UsageReport struct {
	View    models.EnvironmentView
	Periods []time.Time // of the range, oldest first
	Points  []models.UsagePoint
	// Callers are the apps that called, "" for visitors without login; a borrower
	// finds itself alone. CallerCount is how many there are.
	Callers     []store.UsageCaller
	CallerCount int64
	Apps        map[string]models.App // of the callers
	Size        EnvironmentSize
}

// EnvironmentSize is how much an environment holds.
type EnvironmentSize struct {
	docdb.Total
	store.Sum
}

// Report returns the statistics of an environment. Needs statistics.view. A
// borrower learns the sums, and of itself; who else borrows is not found.
func (s *Statistics) Report(ctx context.Context, actor models.Actor, appID, env string, q UsageQuery) (UsageReport, error) {
	view, err := s.see(ctx, actor, appID, env, q)
	if err != nil {
		return UsageReport{}, err
	}
	q.Range = q.Range.Known()
	out := UsageReport{View: view, Periods: q.Range.Periods(s.now())}
	filter := s.filter(env, q)
	if out.Points, err = s.store.Usage.Series(ctx, filter, appID); err != nil {
		return out, err
	}
	filter.Caller = nil
	if view.Borrowed() {
		filter.Caller = &appID
	}
	page := models.PageRequest{Page: 1, Size: maxCallers}
	if out.Callers, out.CallerCount, err = s.store.Usage.Callers(ctx, filter, page); err != nil {
		return out, err
	}
	ids := make([]string, len(out.Callers))
	for i, c := range out.Callers {
		ids[i] = c.AppID
	}
	if out.Apps, err = s.store.Apps.ByIDs(ctx, ids); err != nil {
		return out, err
	}
	out.Size, err = s.size(ctx, env)
	return out, err
}

// see decides that the actor may look at a report, and writes out what was counted
// before the call.
func (s *Statistics) see(ctx context.Context, actor models.Actor, appID, env string, q UsageQuery) (models.EnvironmentView, error) {
	place, _, view, err := s.look(ctx, s.store, actor, appID, env)
	if err != nil {
		return view, err
	}
	if err := models.MayUse(place, view, models.StatisticsView, s.now()).Err(); err != nil {
		return view, err
	}
	if q.Caller != "" && !view.NamesCaller(q.Caller) {
		return view, models.E(models.CodeNotFound, "error.not_found")
	}
	return view, s.recorder.flush(ctx)
}

func (s *Statistics) filter(env string, q UsageQuery) store.UsageFilter {
	f := store.UsageFilter{EnvironmentID: env, Layout: q.Range.Layout(), Since: q.Range.Periods(s.now())[0]}
	if q.Caller != "" {
		f.Caller = &q.Caller
	}
	return f
}

// maxTableRows bounds the table that is downloaded.
const maxTableRows = 100_000

// UsageRow is a row of the table that is downloaded.
type UsageRow struct {
	Period string
	Side   models.UsageSide
	Caller string // the app, "" for what is not named
	store.UsageCount
}

// Table returns the statistics of an environment by period, app and operation.
// Needs statistics.view. A borrower finds other apps as one.
func (s *Statistics) Table(ctx context.Context, actor models.Actor, appID, env string, q UsageQuery) ([]UsageRow, error) {
	view, err := s.see(ctx, actor, appID, env, q)
	if err != nil {
		return nil, err
	}
	q.Range = q.Range.Known()
	list, err := s.store.Usage.Table(ctx, s.filter(env, q), maxTableRows)
	if err != nil {
		return nil, err
	}
	return folded(view, list), nil
}

// folded joins the rows of apps that are not named in a view.
func folded(view models.EnvironmentView, list []store.UsageCount) []UsageRow {
	out := make([]UsageRow, 0, len(list))
	type key struct {
		period    string
		operation models.Permission
	}
	others := map[key]int{}
	for _, c := range list {
		row := UsageRow{Period: c.Period, Side: models.SideOthers, Caller: c.CallerAppID, UsageCount: c}
		switch {
		case c.CallerAppID == view.Through.AppID:
			row.Side = models.SideSelf
		case view.NamesCaller(c.CallerAppID) && c.CallerAppID == "":
			row.Side = models.SideVisitor
		case !view.NamesCaller(c.CallerAppID):
			row.Caller, row.CallerAppID = "", ""
			k := key{c.Period, c.Operation}
			if at, there := others[k]; there {
				out[at].Add(c.Tally)
				continue
			}
			others[k] = len(out)
		}
		out = append(out, row)
	}
	return out
}

// FunctionReport is how a function did.
type FunctionReport struct {
	Periods []time.Time
	Points  []models.UsagePoint
}

// Function returns how a function did. Needs functions.view and statistics.view.
func (s *Statistics) Function(ctx context.Context, actor models.Actor, appID, env, name string, r models.UsageRange) (FunctionReport, error) {
	place, _, view, err := s.look(ctx, s.store, actor, appID, env)
	if err != nil {
		return FunctionReport{}, err
	}
	if err := models.MayMonitorFunction(place, view, s.now()).Err(); err != nil {
		return FunctionReport{}, err
	}
	if _, err := s.store.Functions.ByName(ctx, env, name); err != nil {
		return FunctionReport{}, err
	}
	if err := s.recorder.flush(ctx); err != nil {
		return FunctionReport{}, err
	}
	r = r.Known()
	filter := s.filter(env, UsageQuery{Range: r})
	filter.FunctionName = name
	points, err := s.store.Usage.Series(ctx, filter, appID)
	return FunctionReport{Periods: r.Periods(s.now()), Points: points}, err
}

// countedSize is the size of an environment as it was found.
type countedSize struct {
	EnvironmentSize
	at time.Time
}

const (
	// sizeAge is how long a size is shown that was counted once: counting goes
	// through all of an environment's ids and files.
	sizeAge      = time.Minute
	maxKeptSizes = 1000
)

func (s *Statistics) size(ctx context.Context, env string) (EnvironmentSize, error) {
	now := s.now()
	s.mu.Lock()
	found, known := s.sizes[env]
	s.mu.Unlock()
	if known && now.Sub(found.at) < sizeAge {
		return found.EnvironmentSize, nil
	}
	var out EnvironmentSize
	var err error
	if out.Total, err = s.documents.Total(ctx, env); err != nil {
		return out, err
	}
	if out.Sum, err = s.store.Files.SumAll(ctx, env); err != nil {
		return out, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sizes == nil || len(s.sizes) >= maxKeptSizes {
		s.sizes = map[string]countedSize{}
	}
	s.sizes[env] = countedSize{out, now}
	return out, nil
}

// Sum adds up the points that a question is about; nil asks for all.
func Sum(points []models.UsagePoint, about func(models.UsagePoint) bool) models.Tally {
	var t models.Tally
	for _, p := range points {
		if about == nil || about(p) {
			t.Add(p.Tally)
		}
	}
	return t
}

// ByPeriod adds up the points of every period, in the order of the periods.
func ByPeriod(periods []time.Time, layout string, points []models.UsagePoint, about func(models.UsagePoint) bool) []models.Tally {
	out := make([]models.Tally, len(periods))
	for _, p := range points {
		if about != nil && !about(p) {
			continue
		}
		at := slices.IndexFunc(periods, func(t time.Time) bool { return t.Format(layout) == p.Period })
		if at >= 0 {
			out[at].Add(p.Tally)
		}
	}
	return out
}
