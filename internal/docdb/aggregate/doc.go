// Package aggregate runs pipelines over a source of documents: each stage hands
// its documents to the next one as they come, and a stage that must wait for all
// of them keeps to a bound on memory.
//
// It knows stages and accumulators. It must not know tables, indexes or who is
// asking.
package aggregate
