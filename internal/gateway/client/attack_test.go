package client_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"envshare/internal/service"
	"envshare/internal/testkit"
	"envshare/models"
)

const (
	noEnv       = -601012
	noSession   = -601016
	noAPI       = -601018
	deniedDB    = -502003
	deniedFile  = -503002
	invalid     = -501007
	badToken    = 40014
	overToken   = 42001
	badRefresh  = 40030
	unknownCall = -501012
)

func want(t *testing.T, what string, got, want int) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %d, want %d", what, got, want)
	}
}

func TestNobodyForgesWhoOwnsADocument(t *testing.T) {
	w := newWorld(t, true)
	ming, hong := w.as(w.miniLogin(shop, "ming")), w.as(w.miniLogin(shop, "hong"))
	code, id := ming.add("own", `{"text":"mine"}`)
	want(t, "add", code, 0)
	_, list := ming.get("own", id)
	owner := list[strings.Index(list, `"_openid":"`)+11:][:28]

	code, _ = hong.add("own", `{"_openid":"`+owner+`"}`)
	want(t, "add with another's name", code, invalid)
	code, _ = w.visitor().add("open", `{"_openid":"`+owner+`"}`)
	want(t, "a visitor's add with a name", code, invalid)
	want(t, "set over another's document", hong.set("own", id, `{"text":"stolen"}`), deniedDB)
	want(t, "set with another's name", ming.set("own", id, `{"_openid":"somebody"}`), invalid)
	want(t, "set keeps the owner", ming.set("own", id, `{"text":"again"}`), 0)
	for _, change := range []string{
		`{"$set":{"_openid":"x"}}`, `{"$unset":{"_openid":""}}`, `{"$rename":{"text":"_openid"}}`, `{"$rename":{"_openid":"gone"}}`,
		`{"$set":{"_openid.a":1}}`, `{"$set":{"_id":"x"}}`, `{"$push":{"_openid":"x"}}`,
	} {
		code, _ := ming.update("own", `{"_id":"`+id+`"}`, change, true)
		want(t, change, code, invalid)
	}
	if _, list := ming.get("own", id); !strings.Contains(list, `"_openid":"`+owner+`"`) || !strings.Contains(list, "again") {
		t.Errorf("the document is %s", list)
	}
	code, n := hong.update("own", `{"_id":"`+id+`"}`, `{"$set":{"text":"stolen"}}`, true)
	want(t, "update of another's", code, 0)
	want(t, "updated", n, 0)
	_, n = hong.remove("own", `{"_id":"`+id+`"}`, true)
	want(t, "removed", n, 0)
}

// Conditions that try to reach what belongs to others, under presets and rules.
func TestConditionsReachNothingOfOthers(t *testing.T) {
	w := newWorld(t, true)
	ming, hong := w.as(w.miniLogin(shop, "ming")), w.as(w.miniLogin(shop, "hong"))
	for _, c := range []string{"own", "posts"} {
		if code, _ := ming.add(c, `{"text":"private","n":[1,9],"price":3}`); code != 0 {
			t.Fatal(code)
		}
	}
	for _, query := range []string{
		`{}`, `{"_openid":{"$ne":""}}`, `{"_openid":{"$exists":true}}`, `{"$or":[{"_openid":"{openid}"},{"text":"private"}]}`,
		`{"$nor":[{"_openid":"{openid}"}]}`, `{"_openid":{"$not":{"$eq":"{openid}"}}}`, `{"text":{"$regex":"."}}`, `{"n":{"$elemMatch":{"$gt":5}}}`,
		`{"$and":[{"$or":[{"a":1},{}]}]}`, `{"_openid":{"$in":["{openid}",null]}}`, `{"$expr":{"$eq":[1,1]}}`, `{"_openid":{"$gte":"a"}}`,
	} {
		if _, list := hong.find("own", query); strings.Contains(list, "private") {
			t.Errorf("own: %s finds %s", query, list)
		}
		if code, list := hong.find("posts", query); code == 0 && strings.Contains(list, "private") {
			t.Errorf("posts: %s finds %s", query, list)
		}
		if code, n := hong.update("posts", query, `{"$set":{"text":"x"}}`, false); code == 0 && n > 0 {
			t.Errorf("posts: %s updates %d", query, n)
		}
		if code, n := hong.remove("posts", query, false); code == 0 && n > 0 {
			t.Errorf("posts: %s removes %d", query, n)
		}
	}
	for _, query := range []string{`{"$where":"1"}`, `{"n":{"$bogus":1}}`, `[]`, `"x"`, `{"a":`, strings.Repeat(`{"a":`, 300) + "1" + strings.Repeat("}", 300)} {
		if code, _ := ming.find("open", query); code >= 0 {
			t.Errorf("%.40s was taken: %d", query, code)
		}
	}
	if code, list := hong.find("posts", `{"_openid":"{openid}"}`); code != 0 || list != "[]" {
		t.Errorf("own posts: %d %s", code, list)
	}
	code, _ := ming.update("posts", `{"_openid":"{openid}"}`, `{"$set":{"text":"new"}}`, false)
	want(t, "an update that leaves the price alone", code, 0)
	for _, change := range []string{`{"$set":{"price":1}}`, `{"$inc":{"price":1}}`, `{"$unset":{"price":""}}`, `{"$rename":{"text":"price"}}`, `{"$set":{"price.x":1}}`} {
		code, _ := ming.update("posts", `{"_openid":"{openid}"}`, change, false)
		want(t, change, code, deniedDB)
	}
}

// An aggregation is judged by its first stage, and reads no other collection that
// the caller may not read whole.
func TestPipelinesReachNothingOfOthers(t *testing.T) {
	w := newWorld(t, true)
	ming, hong := w.as(w.miniLogin(shop, "ming")), w.as(w.miniLogin(shop, "hong"))
	for _, c := range []string{"own", "posts", "shown", "open"} {
		if code, _ := ming.add(c, `{"text":"private","k":1}`); code != 0 {
			t.Fatal(code)
		}
	}
	for name, c := range map[string]struct {
		collection string
		stages     [][2]string
	}{
		"own, all":                {"own", nil},
		"own, a later match":      {"own", [][2]string{{"$skip", "0"}, {"$match", `{"_openid":"{openid}"}`}}},
		"own, a group":            {"own", [][2]string{{"$group", `{"_id":"$text"}`}}},
		"posts, no match":         {"posts", [][2]string{{"$sort", `{"k":1}`}}},
		"posts, the match second": {"posts", [][2]string{{"$limit", "9"}, {"$match", `{"public":true}`}}},
		"a join with one's own":   {"open", [][2]string{{"$lookup", `{"from":"own","localField":"k","foreignField":"k","as":"j"}`}, {"$project", `{"j":1}`}}},
		"a join with posts":       {"open", [][2]string{{"$lookup", `{"from":"posts","localField":"k","foreignField":"k","as":"j"}`}, {"$project", `{"j":1}`}}},
		"a join in a facet":       {"open", [][2]string{{"$facet", `{"f":[{"$lookup":{"from":"own","pipeline":[],"as":"j"}},{"$project":{"j":1}}]}`}}},
		"a join in a join":        {"open", [][2]string{{"$lookup", `{"from":"shown","pipeline":[{"$lookup":{"from":"own","pipeline":[],"as":"j"}},{"$project":{"j":1}}],"as":"j"}`}, {"$project", `{"j.j":1}`}}},
		"a union":                 {"open", [][2]string{{"$limit", "1"}, {"$project", `{"_id":1}`}, {"$unionWith", `{"coll":"own","pipeline":[]}`}}},
	} {
		if code, list := hong.aggregate(c.collection, c.stages...); code == 0 && strings.Contains(list, "private") {
			t.Errorf("%s: %s", name, list)
		}
	}
	if code, list := hong.aggregate("open", [2]string{"$lookup", `{"from":"shown","localField":"k","foreignField":"k","as":"j"}`}); code != 0 || !strings.Contains(list, "private") {
		t.Errorf("a join with what everybody reads: %d %s", code, list)
	}
	if code, list := ming.aggregate("own", [2]string{"$match", `{"k":1}`}); code != 0 || !strings.Contains(list, "private") {
		t.Errorf("one's own: %d %s", code, list)
	}
	if code, _ := ming.aggregate("open", [2]string{"$out", `"stolen"`}); code >= 0 {
		t.Error("$out was taken")
	}
}

// A token opens what its own person was let into, and nothing else.
func TestC1_TokensOpenNothingOfOthers(t *testing.T) {
	w := newWorld(t, false)
	ming, hong := w.as(w.brandLogin("ming")), w.as(w.brandLogin("hong"))
	count := func(c caller) int { code, _ := c.find("open", `{}`); return code }
	want(t, "before init", count(ming), noSession)
	want(t, "init", ming.init(), 0)
	want(t, "after init", count(ming), 0)
	want(t, "another person of the app", count(hong), noSession)
	want(t, "another environment that is lent", count(ming.in("shop-bare")), noSession)
	want(t, "its init, without cloudbase_auth", ming.in("shop-bare").init(), -601022)
	want(t, "an environment that is not lent", count(ming.in("shop-2")), noEnv)
	want(t, "its init", ming.in("shop-2").init(), noEnv)
	want(t, "one that is not there", ming.in("nowhere").init(), noEnv)
	wrong := ming
	wrong.app = brand
	want(t, "another app's name", count(wrong), noEnv)

	same := w.as(w.miniLogin(mini, "ming"))
	want(t, "the same person in another app", count(same), noSession)
	want(t, "its init", same.init(), 0)
	want(t, "reading there", count(same), 0)
	code, _ := same.add("open", `{}`)
	want(t, "writing there, which its grant lacks", code, noAPI)

	stranger := w.as(w.webLogin(other, "ming", "snsapi_base", "https://other.example/"))
	want(t, "an app that nothing is lent to", count(stranger), noEnv)
	want(t, "its init", stranger.init(), noEnv)

	for name, token := range map[string]string{"no token": "", "a made-up one": "made-up", "a refresh token": w.brandLogin("ming").refresh} {
		c := ming
		c.token = token
		r := w.post("/__wx__/jsoperatewxdata", map[string]any{"appid": shop, "access_token": token, "data": map[string]any{
			"qbase_api_name": "tcbapi_db_countdocument", "qbase_req": `{"collection_name":"open","query":"{}"}`,
			"qbase_options": map[string]any{"appid": shop, "env": "shop-1"},
		}}, "")
		want(t, name, r.ret(), badToken)
	}
}

func TestC1_AVerdictEndsWithWhatItStoodOn(t *testing.T) {
	w := newWorld(t, false)
	login := w.brandLogin("ming")
	ming := w.as(login)
	count := func() int { code, _ := ming.find("open", `{}`); return code }
	want(t, "init", ming.init(), 0)
	want(t, "call", count(), 0)

	share := shareOf(t, w)
	must(t, w.Services.Sharing.Pause(t.Context(), systemActor, shop, share.ID))
	want(t, "a paused share", count(), noEnv)

	must(t, w.Services.Sharing.Resume(t.Context(), systemActor, shop, share.ID))
	want(t, "resumed", count(), 0)

	want(t, "sign-out", w.post("/__wx__/logout", map[string]any{"access_token": login.access}, "").ret(), 0)
	want(t, "after sign-out", count(), badToken)
	ming = w.as(w.brandLogin("ming"))
	want(t, "a new login has no verdict", count(), noSession)
	want(t, "init again", ming.init(), 0)
	w.advance(2*time.Hour + time.Second)
	want(t, "an expired token", count(), overToken)
	renewed := w.post("/__wx__/refresh_token", map[string]any{"appid": brand, "refresh_token": nil, "access_token": ming.token}, "")
	want(t, "renewed", renewed.ret(), 0)
	if renewed.text("access_token") != ming.token {
		t.Error("the token was replaced, which the SDK does not notice")
	}
	want(t, "an expired verdict", count(), noSession)
	want(t, "init after it", ming.init(), 0)
	want(t, "a call after it", count(), 0)
}

func TestC5_RenewalHasAnEnd(t *testing.T) {
	w := newWorld(t, true)
	login := w.brandLogin("ming")
	renew := func(refresh any, access string) int {
		return w.post("/wxa-qbase/refresh_token", map[string]any{"appid": brand, "refresh_token": refresh, "access_token": access}, "").ret()
	}
	check := func(token string) int {
		return w.post("/__wx__/check_login", map[string]any{"appid": brand, "access_token": token}, "").ret()
	}
	want(t, "fresh", check(login.access), 0)
	want(t, "of another app", w.post("/__wx__/check_login", map[string]any{"appid": other, "access_token": login.access}, "").ret(), badToken)
	want(t, "renewed for another app", w.post("/__wx__/refresh_token", map[string]any{"appid": other, "refresh_token": login.refresh}, "").ret(), badRefresh)
	w.advance(3 * time.Hour)
	want(t, "over", check(login.access), overToken)
	want(t, "renewed in place", renew(nil, login.access), 0)
	want(t, "in force again", check(login.access), 0)
	w.advance(30 * time.Hour)
	want(t, "an access token that is long over", renew(nil, login.access), badRefresh)
	want(t, "by the refresh token", renew(login.refresh, ""), 0)
	w.advance(30 * 24 * time.Hour)
	want(t, "after the refresh lifetime", renew(login.refresh, ""), badRefresh)
	want(t, "and the access token", check(login.access), badToken)
	want(t, "by both", renew(login.refresh, login.access), badRefresh)
}

// Whoever gets the address of a login's return gets the login.
func TestLoginsReturnToKnownPagesAlone(t *testing.T) {
	w := newWorld(t, true)
	for _, back := range []string{
		"https://evil.example/", "https://m.brand.example.evil.example/", "https://m.brand.example@evil.example/", "//evil.example/", "/local", "javascript:alert(1)",
		"https://m.brand.example:8443/", "https://other.example/", `https://m.brand.example\@evil.example/`, "https:m.brand.example", "https://evil.example#@m.brand.example/", "",
	} {
		query := url.Values{"redirect_uri": {back}, "code": {w.webCode(brand, "ming", "snsapi_base")}}
		if strings.Contains(back, "other.example") {
			query.Set("appid", brand) // a page of one account with a code of another
		}
		if res := w.oauth(query); res.status < 400 || res.at != nil {
			t.Errorf("%s: %d to %s", back, res.status, res.at)
		}
	}
	res := w.oauth(url.Values{"redirect_uri": {page + "/a?x=1&access_token=planted#top"}, "code": {w.webCode(brand, "ming", "snsapi_base")}, "state": {"a&b"}})
	at := res.at
	if at == nil {
		t.Fatalf("status %d", res.status)
	}
	q := at.Query()
	if at.Host != "m.brand.example" || q.Get("x") != "1" || q.Get("state") != "a&b" || len(q["access_token"]) != 1 || q.Get("access_token") == "planted" || at.Fragment != "top" || q.Get("oauthredirect") != "1" {
		t.Errorf("returned to %s", at)
	}
	if res.header.Get("Referrer-Policy") != "no-referrer" || res.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", res.header)
	}
	for back, allowed := range map[string]bool{"http://127.0.0.1:5173/": true, "http://localhost:9999/": true, "http://localhost:9998/": false, "https://m.brand.example:443/": true} {
		if res := w.oauth(url.Values{"redirect_uri": {back}, "code": {w.webCode(brand, "ming", "snsapi_base")}}); (res.at != nil) != allowed {
			t.Errorf("%s: %d", back, res.status)
		}
	}
	code := w.webCode(brand, "ming", "snsapi_base")
	if res := w.oauth(url.Values{"redirect_uri": {page}, "code": {code}}); res.status != http.StatusFound {
		t.Errorf("first use: %d", res.status)
	}
	if res := w.oauth(url.Values{"redirect_uri": {page}, "code": {code}}); res.status != http.StatusBadRequest {
		t.Errorf("second use: %d", res.status)
	}
}

func TestC6_WithoutLogin(t *testing.T) {
	w := newWorld(t, false)
	visitor := w.visitor()
	for collection, number := range map[string]int{"own": deniedDB, "shown": deniedDB, "secret": deniedDB, "open": 0, "members": deniedDB, "none": -502003} {
		code, _ := visitor.find(collection, `{}`)
		want(t, "read "+collection, code, number)
	}
	code, _ := visitor.find("posts", `{"public":true}`)
	want(t, "what is public", code, 0)
	code, _ = visitor.find("posts", `{"_openid":"{openid}"}`)
	if code >= 0 {
		t.Errorf("a visitor has no openid: %d", code)
	}
	want(t, "a function for all", visitor.invoke("open", "{}"), 0)
	want(t, "one for who is logged in", visitor.invoke("context", "{}"), -501023)
	want(t, "one that is not there looks the same", visitor.invoke("nowhere", "{}"), -501023)

	from := func(origin string) int { code, _ := visitor.from(origin).find("open", `{}`); return code }
	want(t, "a page that is listed", from("https://open.example"), 0)
	want(t, "one that is not", from("https://evil.example"), noEnv)
	want(t, "a page without an origin", from("null"), noEnv)
	want(t, "an environment that is closed", func() int { code, _ := visitor.in("shop-2").find("open", `{}`); return code }(), noEnv)

	r := visitor.from("https://evil.example").call("tcbapi_db_countdocument", map[string]any{"collection_name": "open", "query": "{}"})
	if r.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("a page that is not listed may read the answer")
	}
	r = visitor.from("https://open.example").call("tcbapi_db_countdocument", map[string]any{"collection_name": "open", "query": "{}"})
	if r.header.Get("Access-Control-Allow-Origin") != "https://open.example" || r.header.Get("Access-Control-Allow-Credentials") != "true" || !strings.Contains(r.header.Get("Vary"), "Origin") {
		t.Errorf("headers %v", r.header)
	}

	must(t, w.Services.Access.SetPolicy(t.Context(), systemActor, shop, "shop-1", models.ClientPolicy{}))
	want(t, "switched off", from(""), noEnv)
}

func TestNobodyFetchesTheResultOfAnothersCall(t *testing.T) {
	w := newWorld(t, false)
	ming, hong := w.as(w.miniLogin(shop, "ming")), w.as(w.miniLogin(shop, "hong"))
	start := func(c caller, action int) reply {
		return c.call("tcbapi_slowcallfunction_v2", map[string]any{"function_name": "slow", "data": `{"ms":900,"secret":"ming's"}`, "action": action, "call_id": "guessable"})
	}
	if r := start(ming, 1); r.inner["status"] != 0.0 {
		t.Fatalf("%v", r.inner)
	}
	if r := start(hong, 2); r.inner["status"] != 2.0 || r.inner["data"] != nil {
		t.Errorf("another person polls: %v", r.inner)
	}
	if r := start(w.visitor(), 2); r.inner["status"] != 2.0 {
		t.Errorf("a visitor polls: %v", r.inner)
	}
	var last reply
	for range 20 {
		if last = start(ming, 2); last.inner["status"] != 0.0 {
			break
		}
	}
	if text, _ := last.inner["data"].(string); last.inner["status"] != 1.0 || !strings.Contains(text, `"runs":1`) {
		t.Errorf("the result: %v", last.inner)
	}
	if r := start(ming, 1); r.inner["status"] != 1.0 || !strings.Contains(r.inner["data"].(string), `"runs":1`) {
		t.Errorf("a repeated call ran again: %v", r.inner)
	}
	w.advance(2 * time.Minute)
	start(ming, 1) // makes the old one be forgotten
	one := w.visitor()
	one.page = "page one"
	open := map[string]any{"function_name": "open", "data": `{"s":1}`, "action": 1, "call_id": "c"}
	one.call("tcbapi_slowcallfunction_v2", open)
	two := w.visitor()
	two.page = "page two"
	open["action"] = 2
	if r := two.call("tcbapi_slowcallfunction_v2", open); r.inner["status"] != 2.0 {
		t.Errorf("another visitor's page polls: %v", r.inner)
	}
}

func TestFilesOfOthers(t *testing.T) {
	w := newWorld(t, true)
	ming, hong := w.as(w.miniLogin(shop, "ming")), w.as(w.miniLogin(shop, "hong"))
	code, id := ming.upload("a/b.txt", "ming's")
	want(t, "upload", code, 0)
	code, _ = hong.ticket("a/b.txt")
	want(t, "a ticket for another's file", code, deniedFile)
	code, _ = w.visitor().ticket("a/c.txt")
	want(t, "a visitor's ticket", code, deniedFile)

	// Two tickets for one path that was free: the first upload makes it somebody's.
	_, first := ming.ticket("race.txt")
	_, second := hong.ticket("race.txt")
	want(t, "the first", w.send(first, "race.txt", "1"), 200)
	want(t, "the second", w.send(second, "race.txt", "2"), 403)
	want(t, "the first again", w.send(first, "race.txt", "3"), 403)
	_, moved := ming.ticket("mine.txt")
	want(t, "another key", w.send(moved, "other.txt", "x"), 403)

	for _, path := range []string{"../x", "/x", "a//b", "a/./b", "a/../../b", "a\\b", "", "a\x00b", strings.Repeat("x", 2000)} {
		if code, _ := ming.ticket(path); code >= 0 {
			t.Errorf("path %q was taken", path)
		}
	}
	for _, fileID := range []string{
		"cloud://shop-2.7368-shop-2/a/b.txt", "cloud://shop-1.7368-shop-1/../shop-2/x", "cloud://shop-1/a/b.txt", "file:///etc/passwd", strings.Replace(id, "a/b.txt", "a/../a/b.txt", 1), "",
	} {
		r := ming.call("tcbapi_gettempfileurl", map[string]any{"file_list": []any{map[string]any{"fileid": fileID}}})
		row := r.inner["download_list"].([]any)[0].(map[string]any)
		if row["status"] == 0.0 || row["download_url"] != nil {
			t.Errorf("%s: %v", fileID, row)
		}
	}
	r := hong.call("tcbapi_deletefile", map[string]any{"fileid_list": []any{id}})
	want(t, "deleting another's", int(r.inner["delete_list"].([]any)[0].(map[string]any)["status"].(float64)), deniedFile)
	r = hong.call("tcbapi_deletefile", map[string]any{"fileid_list": []any{strings.Replace(id, "b.txt", "none.txt", 1)}})
	want(t, "one that is not there looks the same", int(r.inner["delete_list"].([]any)[0].(map[string]any)["status"].(float64)), deniedFile)
}

func TestHugeAndMalformedRequests(t *testing.T) {
	w := newWorld(t, true)
	for name, body := range map[string]string{
		"nothing": "", "no JSON": "hello", "an array": "[]", "null": "null", "deep": strings.Repeat(`{"data":`, 20_000) + "1" + strings.Repeat("}", 20_000),
		"huge": `{"appid":"` + strings.Repeat("x", 9<<20) + `"}`, "no data": `{"appid":"x"}`, "wrong types": `{"appid":1,"data":[]}`,
	} {
		r := w.post("/__wx__/jsoperatewxdata", []byte(body), "")
		if r.status != 200 || r.ret() == 0 {
			t.Errorf("%s: %d %v", name, r.status, r.outer)
		}
	}
	visitor := w.visitor()
	want(t, "an unknown call", visitor.call("tcbapi_no_such", nil).code(), unknownCall)
	want(t, "parameters of wrong types", visitor.call("tcbapi_db_querydocument", map[string]any{"collection_name": 5}).code(), invalid)
	code, _ := visitor.add("open", `{"a":`+strings.Repeat(`{"a":`, 200)+`1`+strings.Repeat("}", 200)+`}`)
	if code >= 0 {
		t.Errorf("a deep document was taken: %d", code)
	}
	code, _ = visitor.add("open", `{"a":"`+strings.Repeat("x", 600<<10)+`"}`)
	if code >= 0 {
		t.Errorf("a large document was taken: %d", code)
	}
	for _, name := range []string{"", "system.x", "a b", "$x", strings.Repeat("c", 200), "../x"} {
		if code, _ := visitor.find(name, `{}`); code >= 0 {
			t.Errorf("collection %q: %d", name, code)
		}
	}
}

// A person who logs in again and again takes no more than their share.
func TestManySessionsOfOnePerson(t *testing.T) {
	w := newWorld(t, true)
	first := w.miniLogin(shop, "ming")
	const logins, at = 10_000, 8
	var all sync.WaitGroup
	for range at {
		all.Go(func() {
			for range logins / at {
				if _, err := w.Services.Clients.LoginMiniProgram(t.Context(), "", shop, w.code(shop, "ming")); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	last := w.miniLogin(shop, "ming")
	code, _ := w.as(first).find("own", `{}`)
	want(t, "the first login", code, badToken)
	code, _ = w.as(last).find("own", `{}`)
	want(t, "the last login", code, 0)
	n, err := w.Store.Clients.CountSessions(t.Context(), shop)
	must(t, err)
	want(t, "logins kept", int(n), 50)
}

// systemActor is a command beside the data.
var systemActor = testkit.Actor

// ruleOf names the rule of a collection.
func ruleOf(collection string) service.RuleTarget {
	return service.RuleTarget{Kind: models.RuleCollection, Name: collection}
}

// shareOf returns the shop's share to the brand as it is.
func shareOf(t *testing.T, w *world) models.Share {
	t.Helper()
	list, err := w.Store.Shares.AllOutgoing(t.Context(), shop)
	must(t, err)
	for _, s := range list {
		if s.GranteeAppID == brand {
			return s
		}
	}
	t.Fatal("no share")
	return models.Share{}
}
