package service

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"envshare/internal/docdb"
	"envshare/models"
)

// ListedCollection is a collection with what guards it against clients.
type ListedCollection struct {
	docdb.CollectionInfo
	Rule models.Preset
}

// CollectionPage is one page of an environment's collections.
type CollectionPage struct {
	Collections []ListedCollection
	Total       int64
	// Page is the page that Collections is: the last one where a later one was asked for.
	Page models.PageRequest
}

// CollectionPage returns a page of the collections of an environment whose names
// hold a text, in capitals or not, by name. Needs database.view.
func (s *Documents) CollectionPage(ctx context.Context, actor models.Actor, appID, env, text string, page models.PageRequest) (CollectionPage, error) {
	list, err := s.Collections(ctx, actor, appID, env)
	if err != nil {
		return CollectionPage{}, err
	}
	text = strings.ToLower(models.SearchText(text))
	list = slices.DeleteFunc(list, func(c docdb.CollectionInfo) bool { return !strings.Contains(strings.ToLower(c.Name), text) })
	out := CollectionPage{Total: int64(len(list)), Page: page.Within(int64(len(list)))}
	first := min(out.Page.Offset(), len(list))
	list = list[first:min(first+out.Page.Size, len(list))]
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = c.Name
	}
	presets, err := s.store.AccessRules.Presets(ctx, env, models.RuleCollection, names)
	for _, c := range list {
		out.Collections = append(out.Collections, ListedCollection{c, cmp.Or(presets[c.Name], models.PresetDefault)})
	}
	return out, err
}
