package handlers

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"envshare/views/shares"
)

// The measures of the picture, in units of its view box.
const (
	graphWidth  = 960.0
	graphNodeW  = 280.0
	graphTop    = 8.0
	roomyNodeH  = 44.0
	roomyPitch  = 58.0
	denseNodeH  = 28.0
	densePitch  = 34.0
	roomyAtMost = 24 // nodes in a column
)

// layOut gives every node its place: the longer column is stacked, the nodes of
// the other one stand in the middle of what they are joined to.
func (g *graph) layOut() *shares.Graph {
	left, right := column(g.left), column(g.right)
	height, pitch, dense := roomyNodeH, roomyPitch, max(len(left), len(right)) > roomyAtMost
	if dense {
		height, pitch = denseNodeH, densePitch
	}
	if len(left) > len(right) {
		stack(left, pitch)
		g.follow(right, g.neighbours(g.left, false), pitch, len(left))
	} else {
		g.byNeighbour(left, right)
		stack(right, pitch)
		g.follow(left, g.neighbours(g.right, true), pitch, len(right))
	}
	out := &shares.Graph{
		// A unit more on every side, for the width of a node's border.
		Width: px(graphWidth + 2), Height: px(2 + graphTop*2 + float64(max(len(left), len(right)))*pitch - (pitch - height)),
		NodeWidth: px(graphNodeW), NodeHeight: px(height), Dense: dense, Grouped: g.together,
	}
	for _, n := range left {
		out.Nodes = append(out.Nodes, n.view(0, dense))
	}
	for _, n := range right {
		out.Nodes = append(out.Nodes, n.view(graphWidth-graphNodeW, dense))
	}
	for _, l := range g.lines {
		out.Lines = append(out.Lines, l.view(g.left[l.from].y+height/2, g.right[l.to].y+height/2))
	}
	return out
}

func stack(nodes []*graphNode, pitch float64) {
	for i, n := range nodes {
		n.y = graphTop + float64(i)*pitch
	}
}

// neighbours maps the nodes of a column to the places of what they are joined to.
func (g *graph) neighbours(places map[string]*graphNode, ofLeft bool) map[string][]float64 {
	out := map[string][]float64{}
	for _, l := range g.lines {
		own, other := l.to, l.from
		if ofLeft {
			own, other = l.from, l.to
		}
		out[own] = append(out[own], places[other].y)
	}
	return out
}

// byNeighbour orders the right column by where its lines come from, so that few
// of them cross.
func (g *graph) byNeighbour(left, right []*graphNode) {
	index := map[string]float64{}
	for i, n := range left {
		index[n.key] = float64(i)
	}
	from := map[string][]float64{}
	for _, l := range g.lines {
		from[l.to] = append(from[l.to], index[l.from])
	}
	slices.SortStableFunc(right, func(a, b *graphNode) int { return cmp.Compare(mean(from[a.key]), mean(from[b.key])) })
}

// follow places nodes in the middle of their neighbours, none over another one,
// within the height of rows.
func (g *graph) follow(nodes []*graphNode, beside map[string][]float64, pitch float64, rows int) {
	for _, n := range nodes {
		n.y = mean(beside[n.key])
	}
	slices.SortStableFunc(nodes, func(a, b *graphNode) int { return cmp.Compare(a.y, b.y) })
	for i, n := range nodes {
		if i > 0 {
			n.y = max(n.y, nodes[i-1].y+pitch)
		}
	}
	last := graphTop + float64(rows-1)*pitch
	for i, n := range slices.Backward(nodes) {
		n.y = min(n.y, last)
		if i < len(nodes)-1 {
			n.y = min(n.y, nodes[i+1].y-pitch)
		}
	}
}

func mean(list []float64) float64 {
	if len(list) == 0 {
		return graphTop
	}
	sum := 0.0
	for _, v := range list {
		sum += v
	}
	return sum / float64(len(list))
}

func px(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

func (n *graphNode) view(x float64, dense bool) shares.GraphNode {
	v := shares.GraphNode{
		X: px(x), Y: px(n.y), TextX: px(x + 44), Name: shorten(n.name, 30), Note: n.note, Title: n.name + " " + n.note,
		NameY: px(n.y + 19), NoteY: px(n.y + 35), MarkX: px(x + 22), MarkY: px(n.y + roomyNodeH/2), Round: n.round,
		MarkRectX: px(x + 10), MarkRectY: px(n.y + roomyNodeH/2 - 12), Mark: shorten(n.name, 1), Href: n.href, Here: n.here,
	}
	if dense {
		v.NameY, v.TextX = px(n.y+18), px(x+12)
	}
	return v
}

func (l graphLine) view(y1, y2 float64) shares.GraphLine {
	from, to := graphNodeW, graphWidth-graphNodeW
	middle := (from + to) / 2
	return shares.GraphLine{
		Path: fmt.Sprintf("M%s %sC%s %s %s %s %s %s", px(from), px(y1), px(middle), px(y1), px(middle), px(y2), px(to), px(y2)),
		EndX: px(to), EndY: px(y2), Href: l.href, Title: l.title, Status: l.status, Side: l.side,
	}
}

// shorten cuts a name to a width in Latin characters; Chinese ones are twice as
// wide. A width of 1 is the first character.
func shorten(name string, width int) string {
	used := 0
	for i, r := range name {
		step := 1
		if r >= 0x2e80 {
			step = 2
		}
		if used > 0 && used+step > width {
			if width == 1 {
				return name[:i]
			}
			return name[:i] + "…"
		}
		used += step
	}
	return name
}
