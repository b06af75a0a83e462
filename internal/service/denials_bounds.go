package service

import (
	"context"

	"envshare/models"
)

// bounded returns the lines to write: apps that the owner need not know are not
// named, and what goes beyond the bounds of a day is in one line per app.
func (r *denialRecorder) bounded(ctx context.Context, lines map[denialKey]*models.Denial) ([]models.Denial, error) {
	unnamed, err := r.unnamed(ctx, lines)
	if err != nil {
		return nil, err
	}
	days := map[denialKey]*denialDay{}
	out := map[denialKey]models.Denial{}
	for _, line := range lines {
		d := *line
		if unnamed[pair{d.CallerAppID, d.EnvironmentID}] {
			d = d.InOneLine()
			d.CallerAppID, d.MsgKey = "", "denial.unknown_app"
		}
		at := denialKey{env: d.EnvironmentID, day: d.Day}
		if days[at] == nil {
			if days[at], err = r.dayOf(ctx, at); err != nil {
				return nil, err
			}
		}
		if d.Key = lineKey(d); !days[at].take(d) {
			d = d.InOneLine()
			d.Key = lineKey(d)
		}
		key := denialKey{d.EnvironmentID, d.Day, d.Key}
		if there, ok := out[key]; ok {
			d.Count += there.Count
			d.FirstAt, d.LastAt = earlier(d.FirstAt, there.FirstAt), later(d.LastAt, there.LastAt)
		}
		out[key] = d
	}
	rows := make([]models.Denial, 0, len(out))
	for _, d := range out {
		rows = append(rows, d)
	}
	return rows, nil
}

// unnamed finds callers of another principal than the environment's owner, and
// those that are no registered app.
func (r *denialRecorder) unnamed(ctx context.Context, lines map[denialKey]*models.Denial) (map[pair]bool, error) {
	ids, environmentIDs := map[string]bool{}, map[string]bool{}
	for _, d := range lines {
		ids[d.CallerAppID], environmentIDs[d.EnvironmentID] = true, true
	}
	owners, err := r.store.Environments.Owners(ctx, keysOf(environmentIDs))
	if err != nil {
		return nil, err
	}
	for _, owner := range owners {
		ids[owner] = true
	}
	apps, err := r.store.Apps.ByIDs(ctx, keysOf(ids))
	if err != nil {
		return nil, err
	}
	out := map[pair]bool{}
	for _, d := range lines {
		caller, owner := apps[d.CallerAppID], apps[owners[d.EnvironmentID]]
		out[pair{d.CallerAppID, d.EnvironmentID}] = d.CallerAppID != "" && (caller.AppID == "" || caller.PrincipalID != owner.PrincipalID)
	}
	return out, nil
}

func keysOf(set map[string]bool) []string {
	out := make([]string, 0, len(set))
	for key := range set {
		out = append(out, key)
	}
	return out
}

// denialDay is what is written of an environment's day.
type denialDay struct {
	keys   map[string]bool
	perApp map[string]int
}

func (r *denialRecorder) dayOf(ctx context.Context, at denialKey) (*denialDay, error) {
	there, err := r.store.Denials.Keys(ctx, at.env, at.day, 2*denialsPerDay)
	day := &denialDay{keys: map[string]bool{}, perApp: map[string]int{}}
	for _, d := range there {
		day.keys[d.Key] = true
		day.perApp[d.CallerAppID]++
	}
	return day, err
}

// take reports whether a line may be written as it is, and counts a new one.
func (d *denialDay) take(line models.Denial) bool {
	if d.keys[line.Key] || line.Operation == "" {
		return true
	}
	if len(d.keys) >= denialsPerDay || d.perApp[line.CallerAppID] >= denialsPerApp {
		return false
	}
	d.keys[line.Key] = true
	d.perApp[line.CallerAppID]++
	return true
}
