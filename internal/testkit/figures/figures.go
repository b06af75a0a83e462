// Package figures prints the tables of make bench.
//
// It knows how a table looks and when one is wanted. It must not know what is
// measured; nothing but tests may import it.
package figures

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"
)

// Variable is empty in ordinary tests, "1" under make bench, and "serve" in a
// process that a comparison starts as its server.
const Variable = "ENVSHARE_BENCH"

// Wanted skips a comparison outside of make bench.
func Wanted(t *testing.T) {
	t.Helper()
	if os.Getenv(Variable) != "1" {
		t.Skip("run with make bench")
	}
}

// Header says when and on what the figures were taken, and how.
func Header(t *testing.T, how string) {
	t.Helper()
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("%s, %d cores, load before %.4s, %s, %s\n\n", time.Now().UTC().Format("2006-01-02 15:04 UTC"), runtime.NumCPU(), load, runtime.Version(), how)
}

// Line prints a row of a table: a wide first cell and narrow others.
func Line(cells ...string) {
	for i, cell := range cells {
		if i == 0 {
			fmt.Printf("%-52s", cell)
			continue
		}
		fmt.Printf(" %11s", cell)
	}
	fmt.Println()
}

// Median returns the median of one field of the samples.
func Median[S any, V cmp.Ordered](samples []S, of func(S) V) V {
	var values []V
	for _, s := range samples {
		values = append(values, of(s))
	}
	slices.Sort(values)
	return values[len(values)/2]
}
