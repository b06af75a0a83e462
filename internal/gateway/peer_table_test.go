package gateway_test

import (
	"fmt"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"envshare/internal/testkit/figures"
)

// sample is what one round of calls showed.
type sample struct {
	perSecond    float64
	p50, p99     time.Duration
	cpu, workers time.Duration // for one call: of the server with its workers, and of these alone
}

// amount says how much a comparison does.
type amount struct{ rounds, calls, connections int }

// compare runs rounds of all contenders in turn, the first ones being peers, and
// prints the medians. A ratio, one for each peer, is the median of those inside
// the rounds.
func compare(t *testing.T, a amount, peers int, all []contender) {
	t.Helper()
	samples := make([][]sample, len(all))
	for i := range a.rounds + 1 {
		for j, c := range all {
			if i == 0 { // workers start and code gets compiled
				c.round(t, a.calls/4, a.connections)
				continue
			}
			samples[j] = append(samples[j], c.round(t, a.calls, a.connections))
		}
	}
	for j, c := range all {
		var of []string
		for peer := range samples[:peers] {
			var ratios []float64
			for i, s := range samples[j] {
				ratios = append(ratios, s.perSecond/samples[peer][i].perSecond)
			}
			of = append(of, fmt.Sprintf("%.2f", figures.Median(ratios, func(r float64) float64 { return r })))
		}
		middle := func(field func(sample) time.Duration) time.Duration { return figures.Median(samples[j], field) }
		sample{
			figures.Median(samples[j], func(s sample) float64 { return s.perSecond }),
			middle(func(s sample) time.Duration { return s.p50 }), middle(func(s sample) time.Duration { return s.p99 }),
			middle(func(s sample) time.Duration { return s.cpu }), middle(func(s sample) time.Duration { return s.workers }),
		}.print(c, strings.Join(of, " / "))
	}
	figures.Line()
}

func (s sample) print(c contender, ratio string) {
	took := func(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond)) }
	cost := func(d time.Duration) string { return fmt.Sprintf("%d µs", d.Microseconds()) }
	figures.Line(c.name, fmt.Sprintf("%.0f", s.perSecond), ratio, c.aim, took(s.p50), took(s.p99), cost(s.cpu), cost(s.workers))
}

var benchmarkLine = regexp.MustCompile(`(?m)^Benchmark\w*(\S*)\s+\d+\s+([\d.]+) ns/op.*?(\d+) allocs/op`)

// benchmark runs a benchmark of another package and prints its medians.
func benchmark(t *testing.T, pkg, name, title, aim string, args ...string) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"test", "-run=^$", "-benchmem", "-bench=^" + name + "$", pkg}, args...)...)
	cmd.Dir = "../.."
	text, err := cmd.CombinedOutput()
	found := benchmarkLine.FindAllStringSubmatch(string(text), -1)
	if err != nil || len(found) == 0 {
		t.Fatalf("%s: %v\n%s", name, err, text)
	}
	groups := map[string][][]string{}
	var order []string
	for _, m := range found {
		variant := strings.TrimSuffix(strings.TrimPrefix(m[1], "/"), "-"+strconv.Itoa(runtime.GOMAXPROCS(0)))
		if groups[variant] == nil {
			order = append(order, variant)
		}
		groups[variant] = append(groups[variant], m)
	}
	for _, variant := range order {
		ns := figures.Median(groups[variant], func(m []string) float64 { v, _ := strconv.ParseFloat(m[2], 64); return v })
		allocs := figures.Median(groups[variant], func(m []string) int { v, _ := strconv.Atoi(m[3]); return v })
		name := strings.TrimSuffix(title+", "+strings.ReplaceAll(variant, "_", " "), ", ")
		took := fmt.Sprintf("%.0f ns", ns)
		if ns > 1e5 {
			took = fmt.Sprintf("%.1f ms", ns/1e6)
		}
		figures.Line(name, took, strconv.Itoa(allocs), aim)
	}
}
