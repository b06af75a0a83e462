package models

import (
	"time"
)

// EndingSoon is from how long before its end a share counts as about to end.
const EndingSoon = 7 * 24 * time.Hour

// EndsSoon reports whether an active share is about to end.
func (s Share) EndsSoon(now time.Time) bool {
	return s.Status(now) == ShareActive && s.Until != nil && !s.Until.After(now.Add(EndingSoon))
}

// ShareFilter says which shares of an app a list shows, and in which order. The
// zero value shows all of them, newest first.
type ShareFilter struct {
	// Text is found in the name or AppID of the app on the other side, or in the
	// note.
	Text string
	// State is "" for all, or one of the states below.
	State ShareListState
	// EnvironmentID and Permission look for one grant that has both; "" for any.
	EnvironmentID string
	Permission    Permission
	Sort          ShareSort
}

// ShareListState is a state by which shares are found.
type ShareListState string

// The states. ListEnding is a part of ListActive.
const (
	ListActive  ShareListState = "active"
	ListEnding  ShareListState = "ending"
	ListPaused  ShareListState = "paused"
	ListExpired ShareListState = "expired"
)

// ShareListStates are the states in the order in which they are offered.
func ShareListStates() []ShareListState {
	return []ShareListState{ListActive, ListEnding, ListPaused, ListExpired}
}

// ShareSort is an order of shares.
type ShareSort string

// The orders.
const (
	SortNewest ShareSort = ""
	SortName   ShareSort = "name"
	SortCalls  ShareSort = "calls" // most calls in the last 7 days
	SortEnding ShareSort = "ending"
)

// ShareSorts are the orders as they are offered.
func ShareSorts() []ShareSort { return []ShareSort{SortNewest, SortName, SortCalls, SortEnding} }

// Clean returns the filter without what no list knows: an address that was typed
// by hand then shows more instead of an error.
func (f ShareFilter) Clean() ShareFilter {
	f.Text = SearchText(f.Text)
	f.EnvironmentID = SearchText(f.EnvironmentID)
	if bitOf(f.Permission) == 0 {
		f.Permission = ""
	}
	switch f.State {
	case ListActive, ListEnding, ListPaused, ListExpired:
	default:
		f.State = ""
	}
	switch f.Sort {
	case SortName, SortCalls, SortEnding:
	default:
		f.Sort = SortNewest
	}
	return f
}

// Narrows reports whether the filter leaves anything out.
func (f ShareFilter) Narrows() bool {
	return f.Text != "" || f.State != "" || f.EnvironmentID != "" || f.Permission != ""
}

// ShareCounts is how many shares a filter finds, by state; All ignores the state
// of the filter, so that each state can be offered with its number.
type ShareCounts struct{ All, Active, Ending, Paused, Expired int64 }

// In returns the number of one state, "" for all.
func (c ShareCounts) In(s ShareListState) int64 {
	switch s {
	case ListActive:
		return c.Active
	case ListEnding:
		return c.Ending
	case ListPaused:
		return c.Paused
	case ListExpired:
		return c.Expired
	}
	return c.All
}
