package oracle

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"envshare/internal/docdb"
)

// generator makes cases in which conditions meet documents often.
type generator struct{ *rand.Rand }

func pick[T any](g *generator, list ...T) T { return list[g.IntN(len(list))] }

func (g *generator) scalar() string {
	if g.IntN(25) == 0 {
		return g.long()
	}
	return pick(g, "0", "1", "2", "3", "2.5", "-1", `"a"`, `"b"`, `"ab"`, `"B"`, "true", "false", "null", `{"$date":0}`, `{"$date":86400000}`)
}

// long is a text that an index cuts: it begins as all others do.
func (g *generator) long() string {
	return fmt.Sprintf(`"%s%s"`, strings.Repeat("y", 1100), pick(g, "a", "b", "c"))
}

func (g *generator) number() string { return pick(g, "0", "1", "2", "3", "4", "2.5", "-1", "10") }

func (g *generator) document(id int) string {
	fields := []string{fmt.Sprintf(`"_id":%d,"m":%s,"q":%s,"u":[]`, id, g.number(), g.list())} // these are never missing
	add := func(name, v string) {
		if g.IntN(6) > 0 {
			fields = append(fields, fmt.Sprintf(`%q:%s`, name, v))
		}
	}
	add("a", g.scalar())
	add("n", g.number())
	add("s", pick(g, `"hello"`, `"World"`, `"a,b"`, `"中文"`, `""`, `"Abc"`))
	add("d", fmt.Sprintf(`{"$date":%d}`, g.IntN(1_000_000)*86_400))
	add("l", g.list())
	add("o", fmt.Sprintf(`{"x":%s,"y":{"z":%s}}`, g.scalar(), g.number()))
	add("items", g.objects())
	return "{" + strings.Join(fields, ",") + "}"
}

func (g *generator) list() string {
	parts := make([]string, g.IntN(4))
	for i := range parts {
		parts[i] = pick(g, g.number(), g.scalar())
	}
	return "[" + strings.Join(parts, ",") + "]"
}

func (g *generator) objects() string {
	parts := make([]string, g.IntN(3))
	for i := range parts {
		parts[i] = fmt.Sprintf(`{"k":%s,"v":%s}`, g.number(), g.number())
	}
	return "[" + strings.Join(parts, ",") + "]"
}

func (g *generator) index(n int) docdb.Index {
	i := docdb.Index{Name: fmt.Sprintf("i%d", n)}
	fields := []string{"a", "n", "s", "l", "o.x", "o.y.z", "items.k", "d"}
	g.Shuffle(len(fields), func(x, y int) { fields[x], fields[y] = fields[y], fields[x] })
	for _, f := range fields[:1+g.IntN(2)] {
		i.Keys = append(i.Keys, docdb.IndexKey{Path: f, Kind: pick(g, "1", "-1")})
	}
	i.Sparse = g.IntN(3) == 0
	if g.IntN(3) == 0 { // no two documents have the same _id
		i.Unique = true
		i.Keys = append(i.Keys, docdb.IndexKey{Path: "_id", Kind: "1"})
	}
	return i
}

func (g *generator) filter(depth int) string {
	field := pick(g, "a", "n", "l", "o.x", "o.y.z", "items.k", "items.v", "s", "none")
	switch g.IntN(20) {
	case 0, 1:
		if depth < 2 {
			return fmt.Sprintf(`{%q:[%s,%s]}`, pick(g, "$and", "$or", "$nor"), g.filter(depth+1), g.filter(depth+1))
		}
	case 2, 3, 4:
		return fmt.Sprintf(`{%q:{%q:%s}}`, pick(g, "n", "o.y.z", "items.k", "l"), pick(g, "$gt", "$gte", "$lt", "$lte"), g.number())
	case 5:
		return fmt.Sprintf(`{"d":{%q:{"$date":%d}}}`, pick(g, "$gt", "$lte"), g.IntN(1_000_000)*86_400)
	case 6:
		return fmt.Sprintf(`{%q:{"$in":[%s,%s]}}`, field, g.scalar(), g.scalar())
	case 7:
		return fmt.Sprintf(`{%q:{"$nin":[%s,%s]}}`, field, g.scalar(), g.scalar())
	case 8:
		return fmt.Sprintf(`{%q:{"$ne":%s}}`, field, g.scalar())
	case 9:
		return fmt.Sprintf(`{%q:{"$exists":%s}}`, field, pick(g, "true", "false"))
	case 10:
		return fmt.Sprintf(`{%q:{"$size":%d}}`, pick(g, "l", "items"), g.IntN(4))
	case 11:
		return fmt.Sprintf(`{"l":{"$all":[%s,%s]}}`, g.scalar(), g.number())
	case 12:
		return fmt.Sprintf(`{"items":{"$elemMatch":{"k":{"$gte":%s},"v":{"$lt":%s}}}}`, g.number(), g.number())
	case 13:
		return fmt.Sprintf(`{"l":{"$elemMatch":{"$gte":%s,"$lt":%s}}}`, g.number(), g.number())
	case 14:
		return fmt.Sprintf(`{"_id":{"$mod":[%d,%d]}}`, 2+g.IntN(2), g.IntN(2))
	case 15:
		return fmt.Sprintf(`{"s":{"$regex":%q,"$options":%q}}`, pick(g, "^h", "o", "^[A-Z]", "c$"), pick(g, "", "i"))
	case 16:
		return fmt.Sprintf(`{%q:{"$not":{"$gt":%s}}}`, pick(g, "n", "l", "none"), g.number())
	case 17:
		return fmt.Sprintf(`{%q:{"$type":%q}}`, pick(g, "a", "o"), pick(g, "string", "number", "bool", "array", "object", "date", "null"))
	case 18:
		return fmt.Sprintf(`{"$expr":{%q:["$m",%s]}}`, pick(g, "$gt", "$lte", "$eq"), g.number())
	}
	return fmt.Sprintf(`{%q:%s}`, field, g.scalar())
}

func (g *generator) sort() string {
	return fmt.Sprintf(`{%q:%s,"_id":%s}`, pick(g, "n", "s", "d", "o.y.z"), pick(g, "1", "-1"), pick(g, "1", "-1"))
}

func (g *generator) projection() string {
	return pick(g, `{"a":1}`, `{"a":1,"_id":0}`, `{"o.x":1,"n":1}`, `{"l":0}`, `{"items.k":0}`, `{"items.v":1}`, `{"o.y":0,"a":0}`)
}

func (g *generator) update() string {
	switch g.IntN(18) {
	case 0:
		return fmt.Sprintf(`{"$set":{"a":%s,"o.y.z":%s}}`, g.scalar(), g.number())
	case 1:
		return fmt.Sprintf(`{"$inc":{%q:%s}}`, pick(g, "n", "fresh", "o.y.z"), g.number())
	case 2:
		return fmt.Sprintf(`{"$mul":{"n":%s}}`, g.number())
	case 3:
		return fmt.Sprintf(`{%q:{"m":%s}}`, pick(g, "$min", "$max"), g.number())
	case 4:
		return fmt.Sprintf(`{"$unset":{%q:""}}`, pick(g, "a", "o.x", "none", "fresh"))
	case 5:
		return fmt.Sprintf(`{"$push":{"l":%s}}`, g.scalar())
	case 6:
		return fmt.Sprintf(`{"$push":{"q":{"$each":[%s,%s],"$position":%d,"$slice":%d}}}`, g.number(), g.number(), g.IntN(3), 1+g.IntN(4))
	case 7:
		return fmt.Sprintf(`{"$addToSet":{"u":{"$each":[%s,%s]}}}`, g.scalar(), g.scalar())
	case 8:
		return fmt.Sprintf(`{"$pop":{"l":%s}}`, pick(g, "1", "-1"))
	case 9:
		return fmt.Sprintf(`{"$pull":{"l":%s}}`, g.scalar())
	case 10:
		return fmt.Sprintf(`{"$pull":{"items":{"k":{"$gte":%s}}}}`, g.number())
	case 11:
		return fmt.Sprintf(`{"$pullAll":{"l":[%s,%s]}}`, g.scalar(), g.scalar())
	case 12:
		return `{"$rename":{"a":"renamed"}}`
	case 13:
		return fmt.Sprintf(`{%q:{"items.$[].v":%s}}`, pick(g, "$set", "$inc", "$mul"), g.number())
	case 14:
		return fmt.Sprintf(`{"$set":{"q.%d":%s}}`, g.IntN(3), g.scalar())
	case 15:
		return fmt.Sprintf(`{"$push":{"items":{"$each":[{"k":%s,"v":%s}],"$sort":{%q:%s}}}}`, g.number(), g.number(), pick(g, "k", "v"), pick(g, "1", "-1"))
	case 16:
		return fmt.Sprintf(`{"$push":{"q":{"$each":[%s],"$sort":%s}}}`, g.number(), pick(g, "1", "-1"))
	}
	return fmt.Sprintf(`{"$set":{"fresh":{"p":[%s]}},"$inc":{"n":1}}`, g.scalar())
}

// expression is a number made of numbers, or anything.
func (g *generator) expression(depth int) string {
	n := func() string {
		if depth < 2 && g.IntN(3) == 0 {
			return g.expression(depth + 1)
		}
		return pick(g, `"$m"`, g.number(), `"$_id"`)
	}
	switch g.IntN(14) {
	case 0:
		return fmt.Sprintf(`{"$add":[%s,%s]}`, n(), n())
	case 1:
		return fmt.Sprintf(`{"$subtract":[%s,%s]}`, n(), n())
	case 2:
		return fmt.Sprintf(`{"$multiply":[%s,%s]}`, n(), n())
	case 3:
		return fmt.Sprintf(`{"$divide":[%s,4]}`, n())
	case 4:
		return fmt.Sprintf(`{"$cond":[{"$gt":[%s,%s]},%s,%s]}`, n(), n(), n(), n())
	case 5:
		return fmt.Sprintf(`{"$ifNull":["$none",%s]}`, n())
	case 6:
		return fmt.Sprintf(`{%q:%s}`, pick(g, "$abs", "$floor", "$ceil"), n())
	case 7:
		return fmt.Sprintf(`{"$let":{"vars":{"t":%s},"in":{"$add":["$$t",1]}}}`, n())
	case 8:
		return fmt.Sprintf(`{"$switch":{"branches":[{"case":{"$lt":[%s,2]},"then":%s}],"default":%s}}`, n(), n(), n())
	}
	return n()
}

func (g *generator) anything() string {
	return pick(g, g.expression(0), g.expression(0),
		`{"$concat":[{"$ifNull":["$s","x,y"]},"-",{"$toUpper":{"$ifNull":["$s","x,y"]}}]}`, `{"$toLower":{"$ifNull":["$s","x,y"]}}`, `{"$strLenCP":{"$ifNull":["$s","x,y"]}}`, `{"$substrCP":[{"$ifNull":["$s","x,y"]},1,2]}`, `{"$split":[{"$ifNull":["$s","x,y"]},","]}`,
		`{"$size":{"$ifNull":["$q",[]]}}`, `{"$arrayElemAt":["$q",0]}`, `{"$slice":["$q",2]}`, `{"$reverseArray":"$q"}`,
		`{"$concatArrays":["$q",[1]]}`, `{"$isArray":"$q"}`, `{"$map":{"input":"$items","as":"i","in":{"$add":["$$i.k","$$i.v"]}}}`,
		`{"$filter":{"input":"$items","as":"i","cond":{"$gt":["$$i.k",1]}}}`, `{"$reduce":{"input":"$items","initialValue":0,"in":{"$add":["$$value","$$this.v"]}}}`,
		`{"$in":[1,{"$ifNull":["$q",[]]}]}`, `{"$indexOfArray":["$q",1]}`, `{"$range":[0,3]}`, `{"$year":{"$ifNull":["$d",{"$date":0}]}}`, `{"$month":{"$ifNull":["$d",{"$date":0}]}}`, `{"$dayOfMonth":{"$ifNull":["$d",{"$date":0}]}}`, `{"$dayOfYear":{"$ifNull":["$d",{"$date":0}]}}`,
		`{"$hour":{"$ifNull":["$d",{"$date":0}]}}`, `{"$isoDayOfWeek":{"$ifNull":["$d",{"$date":0}]}}`, `{"$dateToString":{"date":{"$ifNull":["$d",{"$date":0}]},"format":"%Y-%m-%d %H:%M"}}`, `{"$mergeObjects":["$o",{"m":1}]}`,
		`{"$objectToArray":"$o"}`, `{"$and":[{"$gt":["$m",1]},"$a"]}`, `{"$or":["$none",{"$lt":["$m",1]}]}`, `{"$not":["$a"]}`, `{"$cmp":["$m",2]}`,
		`"$items.k"`, `"$o"`, `{"p":"$n","q":["$a",1]}`, `{"$literal":"$n"}`, `{"$max":["$m",2]}`, `{"$sum":"$q"}`, `{"$avg":"$q"}`)
}

func (g *generator) accumulator() string {
	v := pick(g, `"$n"`, g.expression(1), `"$o.y.z"`)
	return pick(g, `{"$sum":1}`, fmt.Sprintf(`{"$sum":%s}`, v), fmt.Sprintf(`{"$avg":%s}`, v), fmt.Sprintf(`{"$min":%s}`, v), fmt.Sprintf(`{"$max":%s}`, v),
		`{"$push":"$_id"}`, `{"$first":"$_id"}`, `{"$last":"$_id"}`, `{"$stdDevPop":"$m"}`)
}

// pipeline makes stages; documents that reach a group are in the order of _id.
func (g *generator) pipeline() (names, values []string, ordered bool) {
	add := func(name, v string) { names, values = append(names, name), append(values, v) }
	if g.IntN(2) == 0 {
		add("$match", g.filter(1))
	}
	add("$sort", `{"_id":1}`)
	ordered = true
	for n := range 1 + g.IntN(2) {
		switch g.IntN(11) {
		case 0, 1:
			add("$project", fmt.Sprintf(`{"p%d":%s,"n":1}`, n, g.anything()))
			return names, values, ordered
		case 2, 3:
			add("$addFields", fmt.Sprintf(`{"f%d":%s}`, n, g.anything()))
		case 4, 5:
			add("$group", fmt.Sprintf(`{"_id":%s,"x":%s,"y":%s}`, pick(g, `"$n"`, `"$s"`, "null", `{"p":"$n"}`, `"$o.y.z"`), g.accumulator(), g.accumulator()))
			return names, values, false
		case 6:
			add("$unwind", pick(g, `"$l"`, `"$items"`, `{"path":"$l","preserveNullAndEmptyArrays":true}`, `{"path":"$items","includeArrayIndex":"at"}`))
		case 7:
			add("$limit", fmt.Sprint(1+g.IntN(10)))
		case 8:
			add("$skip", fmt.Sprint(g.IntN(5)))
		case 9:
			add("$sortByCount", `"$n"`)
			add("$group", `{"_id":"$count","n":{"$sum":1}}`)
			return names, values, false
		case 10:
			add("$lookup", `{"from":"others","localField":"n","foreignField":"o.y.z","as":"r"}`)
			add("$project", `{"r._id":1}`)
			return names, values, ordered
		}
	}
	return names, values, ordered
}
