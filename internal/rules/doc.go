// Package rules is the language of security rules, which guard client calls: it
// parses a rule to a typed tree, decides it for a caller and a document, and
// decides whether a query implies it. It is pure. It knows the language, BSON
// documents and the order of values; it must not know the database, HTTP or who
// stores rules. Documents that get() names arrive through a Lookup.
//
// # Language
//
// A rule is true, false or an expression of at most 1,024 characters:
//
//	conditions   && || ! ( )
//	comparisons  == != === !== < <= > >= in, not chained
//	variables    auth.openid .unionid .uid .loginType .appid .custom.…, now (milliseconds),
//	             doc.… (database), request.data.… (create, update), resource.openid (storage)
//	members      .name ["name"] [0]
//	constants    'text' "text" `text ${value}` 1 -2.5 true false null undefined [lists]
//	documents    get('database.collection.id').…: at most 3, at most 2 inside one another
//
// === is ==, for nothing is converted. A variable may stand for a condition; it
// holds when its value is true. get takes a text whose collection is written out.
//
// # Values
//
// Values compare as in the engine (docdb/value): numbers by exact value whatever
// their types, other values only within their type. Values of different types are
// unequal and have no order. A member of undefined is undefined. x == null and
// x == undefined are the same and hold for missing, null and undefined. Apart from
// these two, nothing equals what is missing or null: doc._openid == auth.openid is
// false when neither is there, so that a visitor owns no document without owner.
//
// # Fields of the document
//
// A comparison with a field means what a query that says the same means: it holds
// if it holds for one of the values that the query would consider, which are the
// elements too where the field, or a field on its way, is an array. doc.a == 5 is
// {a: 5}, doc.a > 5 is {a: {$gt: 5}}, x in doc.a is {a: x}. != and ! are the
// opposites: doc.a != 5 is {a: {$ne: 5}}, no element is 5. Where a comparison names
// several fields, or a field inside of get(), it holds if it holds for some choice
// of their values.
//
// # The subset test
//
// For one caller the rule's closed parts are values, and a residue of atoms "some
// value at path is in set", and their opposites, remains. A query is read to the
// same atoms; what it says beyond them is ignored. The query implies the rule if
// query and not rule contradict each other on a path in every branch. Two conditions
// on an array may be satisfied by different elements, so they are not intersected.
// docs/adr/0007-rules-mean-what-queries-mean.md tells why.
package rules
