// Package shell reads conditions as people write them in the vendor's console and
// in code: objects of JavaScript with commands, such as
//
//	{price: _.gt(50), name: /tea/i, at: _.gte(new Date('2026-01-01'))}
//
// JavaScript is parsed by a library and never run: an expression is a literal, or
// one of the calls that this package knows. It must not know collections or who is
// asking.
package shell
