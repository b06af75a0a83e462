package handlers

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
)

// mostLines is how many shares are drawn one by one; of more, those with apps
// that the reader is no member of are drawn together.
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
	side     views.GraphSide
}

// drawShares lays out who shares with whom: owners at the left, grantees at the
// right, an app that is both in both columns. The same shares always give the
// same picture.
func drawShares(ctx context.Context, app string, found service.ShareMap) *views.ShareGraph {
	g := graph{ctx: ctx, app: app, found: found, left: map[string]*graphNode{}, right: map[string]*graphNode{}}
	if len(found.Shares) <= mostLines {
		for _, s := range found.Shares {
			g.single(s)
		}
		return g.layOut()
	}
	g.grouped()
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

func (g *graph) side(owner, grantee string) views.GraphSide {
	switch g.app {
	case owner:
		return views.GraphLent
	case grantee:
		return views.GraphBorrowed
	}
	return views.GraphOther
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

// grouped draws shares between apps of the reader one by one, and what each of
// these apps shares with others as one line to one node.
func (g *graph) grouped() {
	g.together = true
	lent, borrowed := map[string]int{}, map[string]int{}
	for _, s := range g.found.Shares {
		switch {
		case g.found.Mine[s.Share.OwnerAppID] && g.found.Mine[s.Share.GranteeAppID]:
			g.single(s)
		case g.found.Mine[s.Share.OwnerAppID]:
			lent[s.Share.OwnerAppID]++
		default:
			borrowed[s.Share.GranteeAppID]++
		}
	}
	for _, id := range sortedKeys(lent) {
		group := g.groupNode(g.right, "lent "+id, lent[id])
		g.lines = append(g.lines, g.groupLine(g.node(g.left, id), group, id, g.side(id, ""), lent[id], paths.Shares(id)))
	}
	for _, id := range sortedKeys(borrowed) {
		group := g.groupNode(g.left, "borrowed "+id, borrowed[id])
		g.lines = append(g.lines, g.groupLine(group, g.node(g.right, id), id, g.side("", id), borrowed[id], paths.SharesWithMe(id)))
	}
	if len(g.lines) > mostLines {
		g.lines = g.lines[:mostLines]
	}
}

func (g *graph) groupNode(column map[string]*graphNode, key string, apps int) string {
	column[key] = &graphNode{key: key, name: i18n.T(g.ctx, "share_map.apps", "count", number(apps)), note: i18n.T(g.ctx, "share_map.group")}
	return key
}

func (g *graph) groupLine(from, to, app string, side views.GraphSide, count int, href string) graphLine {
	key := "share_map.group_lent"
	if href != paths.Shares(app) {
		key = "share_map.group_borrowed"
	}
	return graphLine{from: from, to: to, href: href, status: models.ShareActive, side: side,
		title: i18n.T(g.ctx, key, "name", g.found.Apps[app].Name, "count", number(count))}
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
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
