package client_test

import (
	"strings"
	"testing"

	"envshare/models"
)

// A refusal must not tell what a document holds, nor that there is one. Calls on
// doc(id) are judged by the document, so they are the ones to try.
func TestRefusalsTellNothingOfDocuments(t *testing.T) {
	w := newWorld(t, true)
	must(t, w.Services.Access.SaveRule(t.Context(), systemActor, shop, "shop-1", ruleOf("open"), models.PresetCustom,
		`{"read": "doc.secret != true", "create": true, "update": "doc.secret != true", "delete": "doc.secret != true"}`))
	ming, hong := w.as(w.miniLogin(shop, "ming")), w.as(w.miniLogin(shop, "hong"))
	for _, doc := range []string{`{"_id":"hidden","secret":true,"pin":"1234"}`, `{"_id":"shown","secret":false}`} {
		if code, _ := ming.add("open", doc); code != 0 {
			t.Fatal(code)
		}
	}
	byID := func(query string) (int, string) {
		r := hong.call("tcbapi_db_querydocument", map[string]any{"collection_name": "open", "query": query, "query_type": 1})
		list, _ := r.inner["data_list"].(string)
		return r.code(), list
	}
	for _, query := range []string{
		`{"pin":"1234"}`, `{"pin":"9999"}`, `{"pin":{"$gt":"12"}}`, `{"_id":"hidden","pin":"1234"}`, `{"_id":"hidden","$expr":{"$eq":["$pin","1234"]}}`, `{}`,
		`{"_id":{"$in":["hidden"]}}`, `{"_id":{"$regex":"^h"}}`, `{"_id":{"$gt":""}}`, `{"_id":null}`, `{"$or":[{"_id":"hidden"}]}`, `{"$and":[{"_id":"hidden"}]}`,
	} {
		code, list := byID(query)
		want(t, "read by "+query, code, invalid)
		if list != "" {
			t.Errorf("%s finds %s", query, list)
		}
		code, n := hong.update("open", query, `{"$set":{"n":1}}`, true)
		want(t, "update by "+query, code, invalid)
		want(t, "updated", n, 0)
		code, _ = hong.remove("open", query, true)
		want(t, "delete by "+query, code, invalid)
	}
	for _, id := range []string{"hidden", "none"} {
		code, _ := hong.get("open", id)
		want(t, "read of "+id, code, deniedDB)
		code, _ = hong.update("open", `{"_id":"`+id+`"}`, `{"$set":{"n":1}}`, true)
		want(t, "update of "+id, code, deniedDB)
		code, _ = hong.remove("open", `{"_id":"`+id+`"}`, true)
		want(t, "delete of "+id, code, deniedDB)
	}
	if code, list := hong.get("open", "shown"); code != 0 || !strings.Contains(list, "shown") {
		t.Errorf("what may be read: %d %s", code, list)
	}

	// Where the rule is decided without the document, its absence is no secret.
	must(t, w.Services.Access.SaveRule(t.Context(), systemActor, shop, "shop-1", ruleOf("open"), models.PresetCustom, `{"read": "auth != null || doc.secret != true"}`))
	if code, list := hong.get("open", "none"); code != 0 || list != "[]" {
		t.Errorf("a document that is not there, read by who may read all: %d %s", code, list)
	}
}

// Every way to write, and every disguise of the field that names the owner.
func TestNoOperatorForgesTheOwner(t *testing.T) {
	w := newWorld(t, true)
	ming := w.as(w.miniLogin(shop, "ming"))
	_, id := ming.add("open", `{"text":"mine","list":[{"n":1}]}`)
	_, before := ming.get("open", id)
	for _, change := range []string{
		`{"$set":{"_openid":{"$eq":"x"}}}`, `{"$set":{"a":1,"_openid":"x"}}`, `{"$setOnInsert":{"_openid":"x"}}`, `{"$inc":{"_openid":1}}`, `{"$mul":{"_openid":1}}`,
		`{"$min":{"_openid":""}}`, `{"$max":{"_openid":"z"}}`, `{"$bit":{"_openid":{"or":1}}}`, `{"$addToSet":{"_openid":"x"}}`, `{"$pull":{"_openid":"x"}}`,
		`{"$pullAll":{"_openid":["x"]}}`, `{"$pop":{"_openid":1}}`, `{"$currentDate":{"_openid":true}}`, `{"$rename":{"text":"_openid.a"}}`, `{"$rename":{"_openid.a":"text"}}`,
		`{"$set":{"_openid.0":"x"}}`, `{"$unset":{"_id":""}}`, `{"$rename":{"text":"_id"}}`, `{"$set":{"$_openid":"x"}}`, `{"$set":{"":1}}`, `{"$set":{"._openid":"x"}}`,
		`{"_openid":"x"}`, `{"$replaceWith":{"_openid":"x"}}`, `{"$set":{"text":"x"},"$rename":{"text":"_openid"}}`, `[{"$set":{"_openid":"x"}}]`, `{"$set":{"_openid":"x","_openid":"x"}}`,
	} {
		if code, n := ming.update("open", `{"_id":"`+id+`"}`, change, true); code >= 0 || n != 0 {
			t.Errorf("%s: %d, %d updated", change, code, n)
		}
		if code, _ := ming.update("open", `{"text":"mine"}`, change, false); code >= 0 {
			t.Errorf("%s by condition: %d", change, code)
		}
	}
	for _, data := range []string{
		`{"_openid":null}`, `{"_openid":["x"]}`, `{"_openid":{"$eq":"x"}}`, `{"_openid":"x"}`, `{"$set":{"_openid":"x"}}`, `{"_openid":"x","_openid":"x"}`,
		`{"_openid":"{openid}"}`,
	} {
		if code, _ := ming.add("open", data); code >= 0 {
			t.Errorf("add %s: %d", data, code)
		}
		if code := ming.set("open", id, data); code >= 0 {
			t.Errorf("set %s: %d", data, code)
		}
		if code := w.visitor().set("open", "visitors", data); code >= 0 {
			t.Errorf("a visitor's set %s: %d", data, code)
		}
	}
	for _, stages := range [][][2]string{{{"$out", `"own"`}}, {{"$merge", `{"into":"own"}`}}, {{"$match", `{}`}, {"$facet", `{"a":[{"$out":"own"}]}`}}} {
		if code, _ := ming.aggregate("open", stages...); code >= 0 {
			t.Errorf("%v was taken", stages)
		}
	}
	if _, after := ming.get("open", id); after != before {
		t.Errorf("it was %s and is %s", before, after)
	}
}
