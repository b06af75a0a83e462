package handlers

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views/shares"
)

// mostLines bounds the lines of the picture.
const mostLines = 200

// graphNode is an app, or several together, in one column of the picture.
type graphNode struct {
	key, name, note, href string
	here, round           bool
	y                     float64 // of its top
}

// graphLine joins two nodes of the picture.
type graphLine struct {
	from, to string // keys
	href     string
	title    string
	status   models.ShareStatus
	side     shares.GraphSide
}

// drawShares lays out who shares with whom: owners at the left, grantees at the
// right, an app that is both in both columns. The same shares always give the
// same picture.
func drawShares(ctx context.Context, app string, found service.ShareMap) *shares.Graph {
	g := graph{ctx: ctx, app: app, found: found, left: map[string]*graphNode{}, right: map[string]*graphNode{}}
	for _, s := range found.Drawn {
		g.single(s)
	}
	if found.Grouped {
		g.groups()
	}
	return g.layOut()
}

type graph struct {
	ctx         context.Context
	app         string
	found       service.ShareMap
	left, right map[string]*graphNode
	lines       []graphLine
	together    bool
}

// single draws one share as one line.
func (g *graph) single(s service.MappedShare) {
	from, to := g.node(g.left, s.Share.OwnerAppID), g.node(g.right, s.Share.GranteeAppID)
	g.lines = append(g.lines, graphLine{
		from: from, to: to, href: paths.Share(s.Through, s.Share.ID), title: edgeTitle(g.ctx, g.found, s), status: s.Status,
		side: g.side(s.Share.OwnerAppID, s.Share.GranteeAppID),
	})
}

func (g *graph) side(owner, grantee string) shares.GraphSide {
	switch g.app {
	case owner:
		return shares.GraphLent
	case grantee:
		return shares.GraphBorrowed
	}
	return shares.GraphOther
}

// node returns the key of an app in a column, which it joins.
func (g *graph) node(column map[string]*graphNode, id string) string {
	if column[id] == nil {
		a := g.found.Apps[id]
		n := &graphNode{key: id, name: a.Name, note: id, here: id == g.app, round: a.Kind == models.OfficialAccount}
		if g.found.Mine[id] && !n.here {
			n.href = paths.ShareMap(id)
		}
		column[id] = n
	}
	return id
}

// groups draws what each app of the reader shares with others as one line to one
// node, the present app first, as far as there is room for lines.
func (g *graph) groups() {
	g.together = true
	for _, id := range g.grouped(g.found.Lent) {
		group := g.groupNode(g.right, "lent "+id, g.found.Lent[id])
		g.lines = append(g.lines, graphLine{
			from: g.node(g.left, id), to: group, href: paths.Shares(id), status: models.ShareActive, side: g.side(id, ""),
			title: i18n.T(g.ctx, "share_map.group_lent", "name", g.found.Apps[id].Name, "count", number(g.found.Lent[id])),
		})
	}
	for _, id := range g.grouped(g.found.Borrowed) {
		group := g.groupNode(g.left, "borrowed "+id, g.found.Borrowed[id])
		g.lines = append(g.lines, graphLine{
			from: group, to: g.node(g.right, id), href: paths.SharesWithMe(id), status: models.ShareActive, side: g.side("", id),
			title: i18n.T(g.ctx, "share_map.group_borrowed", "name", g.found.Apps[id].Name, "count", number(g.found.Borrowed[id])),
		})
	}
}

// grouped are the apps of the next groups that there is room for.
func (g *graph) grouped(counts map[string]int64) []string {
	ids := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		if (a == g.app) != (b == g.app) {
			return map[bool]int{true: -1, false: 1}[a == g.app]
		}
		return strings.Compare(a, b)
	})
	return ids[:min(len(ids), mostLines-len(g.lines))]
}

func (g *graph) groupNode(column map[string]*graphNode, key string, apps int64) string {
	column[key] = &graphNode{key: key, name: i18n.T(g.ctx, "share_map.apps", "count", number(apps)), note: i18n.T(g.ctx, "share_map.group")}
	return key
}

// column returns the nodes of a column, the present app first, then by name.
func column(m map[string]*graphNode) []*graphNode {
	out := make([]*graphNode, 0, len(m))
	for _, n := range m {
		out = append(out, n)
	}
	slices.SortFunc(out, func(a, b *graphNode) int {
		if a.here != b.here {
			return map[bool]int{true: -1, false: 1}[a.here]
		}
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.key, b.key))
	})
	return out
}
