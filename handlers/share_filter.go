package handlers

import (
	"context"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views/shares"
	"envshare/views/ui"
)

// mostOffered is how many environments a choice offers; of more, the id is typed.
const mostOffered = 100

// shareFilter is the bar above a list of shares.
func shareFilter(ctx context.Context, app string, q sharesQuery, found service.ShareList, offered service.EnvironmentList) shares.FilterBar {
	f := q.filter()
	bar := shares.FilterBar{
		Text: f.Text, State: string(f.State), Environment: f.EnvironmentID, Narrows: f.Narrows(),
		ClearHref: paths.SharesQuery(app, paths.ShareQuery{WithMe: q.withMe(), Sort: string(f.Sort)}),
	}
	all := f
	all.State = ""
	bar.States = append(bar.States, ui.Segment{
		Label: i18n.T(ctx, "shares.state_all"), Count: number(found.Counts.All), Active: f.State == "",
		Href: paths.SharesQuery(app, shareQuery(q.withMe(), all)),
	})
	for _, state := range models.ShareListStates() {
		all.State = state
		bar.States = append(bar.States, ui.Segment{
			Label: stateLabel(ctx, state), Count: number(found.Counts.In(state)), Active: f.State == state,
			Href: paths.SharesQuery(app, shareQuery(q.withMe(), all)),
		})
	}
	bar.Environments = shareEnvironmentOptions(ctx, offered, f.EnvironmentID)
	bar.Permissions = permissionOptions(ctx, f.Permission)
	for _, sort := range models.ShareSorts() {
		bar.Sorts = append(bar.Sorts, ui.Option{Value: string(sort), Label: sortLabel(ctx, sort), Selected: sort == f.Sort})
	}
	return bar
}

// shareQuery is the address of a filtered list.
func shareQuery(withMe bool, f models.ShareFilter) paths.ShareQuery {
	return paths.ShareQuery{
		WithMe: withMe, Text: f.Text, State: string(f.State), Environment: f.EnvironmentID,
		Permission: string(f.Permission), Sort: string(f.Sort),
	}
}

// shareEnvironmentOptions are the environments that shares of a direction can hold;
// nil when they are too many to choose from.
func shareEnvironmentOptions(ctx context.Context, offered service.EnvironmentList, selected string) []ui.Option {
	if offered.Total() > mostOffered {
		return nil
	}
	list := offered.Own
	for _, b := range offered.Borrowed {
		list = append(list, b.Environment)
	}
	out, known := []ui.Option{{Label: i18n.T(ctx, "shares.any_environment")}}, false
	for _, e := range list {
		out = append(out, ui.Option{Value: e.ID, Label: e.Name + " · " + e.ID, Selected: e.ID == selected})
		known = known || e.ID == selected
	}
	if selected != "" && !known {
		out = append(out, ui.Option{Value: selected, Label: selected, Selected: true})
	}
	return out
}

func permissionOptions(ctx context.Context, selected models.Permission) []ui.Option {
	out := []ui.Option{{Label: i18n.T(ctx, "shares.any_permission")}}
	for _, p := range models.Permissions() {
		out = append(out, ui.Option{Value: string(p), Label: i18n.T(ctx, "permission."+string(p)), Selected: p == selected})
	}
	return out
}

func stateLabel(ctx context.Context, s models.ShareListState) string {
	switch s {
	case models.ListEnding:
		return i18n.T(ctx, "shares.state_ending")
	case models.ListPaused:
		return i18n.T(ctx, "share_status.paused")
	case models.ListExpired:
		return i18n.T(ctx, "share_status.expired")
	}
	return i18n.T(ctx, "share_status.active")
}

func sortLabel(ctx context.Context, s models.ShareSort) string {
	switch s {
	case models.SortName:
		return i18n.T(ctx, "shares.sort_name")
	case models.SortCalls:
		return i18n.T(ctx, "shares.sort_calls")
	case models.SortEnding:
		return i18n.T(ctx, "shares.sort_ending")
	}
	return i18n.T(ctx, "shares.sort_newest")
}
