package handlers

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/views/database"
)

// shownColumns is how many fields beside _id a table of documents has.
const shownColumns = 6

// fillTable puts documents into a table: a column for _id and for the fields that
// most of them have, in the order in which they come first.
func fillTable(page *database.CollectionPage, documents []service.ShownDocument, q browseQuery) {
	columns := columnsOf(documents)
	at := map[string]int{}
	for i, name := range columns {
		at[name] = i
		page.Columns = append(page.Columns, headOf(page.Head, name, q))
	}
	for _, d := range documents {
		row := database.DocumentRow{
			Text: d.Text, Cells: make([]string, len(columns)),
			Href:       paths.Document(page.Head.AppID, page.Head.EnvID, page.Head.Name, d.Key, q.place()),
			DeleteHref: paths.DeleteDocument(page.Head.AppID, page.Head.EnvID, page.Head.Name, d.Key, q.place()),
		}
		for _, f := range d.Fields {
			if i, ok := at[f.Name]; ok {
				row.Cells[i] = f.Value
			}
		}
		page.Documents = append(page.Documents, row)
	}
}

func columnsOf(documents []service.ShownDocument) []string {
	first, count := map[string]int{}, map[string]int{}
	for _, d := range documents {
		for _, f := range d.Fields {
			if _, known := first[f.Name]; !known {
				first[f.Name] = len(first)
			}
			count[f.Name]++
		}
	}
	delete(first, "_id")
	names := make([]string, 0, len(first))
	for name := range first {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(first[a], first[b]))
	})
	names = names[:min(len(names), shownColumns)]
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(first[a], first[b]) })
	return append([]string{"_id"}, names...)
}

// headOf is the heading of a column; it sorts by the field, and the other way round
// when it does already.
func headOf(h database.CollectionHead, name string, q browseQuery) database.ColumnHead {
	head := database.ColumnHead{Name: name}
	if strings.ContainsAny(name, ".$") || name == "" {
		return head // no path leads to such a field
	}
	up, down := orderBy(name, 1), orderBy(name, -1)
	at := q.place()
	at.Page = 0
	switch q.Sort {
	case up:
		head.Direction, at.Sort = "ascending", down
	case down:
		head.Direction, at.Sort = "descending", ""
	default:
		at.Sort = up
	}
	head.Href = paths.CollectionQuery(h.AppID, h.EnvID, h.Name, at)
	return head
}

func orderBy(name string, direction int) string {
	text, err := json.Marshal(map[string]int{name: direction})
	if err != nil {
		return ""
	}
	return string(text)
}
