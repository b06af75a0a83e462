package service

import (
	"fmt"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/models"
)

// BenchmarkGuardedRead reads 20 documents of an indexed owner as a client: under a
// rule that needs no document, and under one that the query must imply. The
// difference is what the rule costs.
func BenchmarkGuardedRead(b *testing.B) {
	w := sqliteWorld(b)
	ctx := b.Context()
	for name, rule := range map[string]string{"open": `{"read": true}`, "guarded": `{"read": "doc._openid == auth.openid && doc.state in ['open', 'done'] || doc.public == true"}`} {
		must(b, w.Documents.AddCollection(ctx, shopAdmin, shop, "shop-1", name))
		must(b, w.Documents.AddIndex(ctx, shopAdmin, shop, "shop-1", name, Index{Fields: "_openid:1"}))
		must(b, w.Access.SaveRule(ctx, shopAdmin, shop, "shop-1", RuleTarget{models.RuleCollection, name}, models.PresetCustom, rule))
		var docs []bson.Raw
		for i := range 2000 {
			doc, err := bson.Marshal(bson.D{{Key: "_id", Value: fmt.Sprint(i)}, {Key: "_openid", Value: fmt.Sprintf("o-%d", i%100)}, {Key: "state", Value: "open"}, {Key: "text", Value: "something to read"}})
			must(b, err)
			docs = append(docs, doc)
		}
		_, err := w.Documents.db.Insert(ctx, "shop-1", name, "", docs)
		must(b, err)
	}
	person := Client{models.ClientSession{ID: "s", AppID: shop, OpenID: "o-7"}}
	for _, name := range []string{"open", "guarded"} {
		call := ClientDocumentCall{ClientCall: ClientCall{Client: person, ResourceAppID: shop, EnvironmentID: "shop-1"}, Collection: name}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				list, err := w.Clients.Find(ctx, call, ClientQuery{Query: `{"_openid":"{openid}","state":"open"}`})
				if err != nil || len(list) != 20 {
					b.Fatal(len(list), err)
				}
			}
		})
	}
}
