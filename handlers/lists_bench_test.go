package handlers_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"envshare/internal/paths"
	"envshare/internal/testkit/databases"
)

// fetch asks for an address and drops the answer: what is measured is the server.
func (b *browser) fetch(address string) (status int, size int64) {
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.base+address, nil)
	must(b.t, err)
	res, err := b.client.Do(r)
	must(b.t, err)
	defer func() { _ = res.Body.Close() }()
	size, err = io.Copy(io.Discard, res.Body)
	must(b.t, err)
	return res.StatusCode, size
}

// However much there is, a page that lists it asks the same number of questions.
func TestEveryListAsksAFixedNumberOfQuestions(t *testing.T) {
	const most = 45
	asked := func(n int) map[string]int64 {
		w := newBigWorld(t, sizeOfAll(n), "")
		out := map[string]int64{}
		for _, p := range w.lists() {
			p.who.fetch(p.address) // notes the environment that was open last
			before := w.statements.Load()
			if status, _ := p.who.fetch(p.address); status != http.StatusOK && status != http.StatusSeeOther {
				t.Errorf("%s: status %d", p.name, status)
			}
			out[p.name] = w.statements.Load() - before
		}
		return out
	}
	few, many := asked(120), asked(1000)
	for name, n := range few {
		if n == 0 || n > most || many[name] != n {
			t.Errorf("%s: %d statements for 120 rows, %d for 1,000, at most %d", name, n, many[name], most)
		}
	}
}

// cpuTime is what the process has used of the processor: unlike the time that
// passes, it says the same on a machine with other things to do.
func cpuTime(tb testing.TB) time.Duration {
	var used syscall.Rusage
	must(tb, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkLists is what pages cost the server in an installation with much in it,
// from the request to the last byte, and how many statements they ask.
func BenchmarkLists(b *testing.B) {
	size := worldSize{
		shares: 5000, environments: 500, functions: 500, runs: 10_000, days: 366, denials: 10_000, events: 50_000, collections: 2000, files: 10_000,
		members: 2000, users: 5000, principals: 1000, memberships: 2000,
	}
	b.Run("sqlite", func(b *testing.B) { benchmarkLists(b, newBigWorld(b, size, "")) })
	b.Run("postgres", func(b *testing.B) {
		server := os.Getenv("ENVSHARE_TEST_POSTGRES")
		if server == "" {
			b.Skip("ENVSHARE_TEST_POSTGRES is not set")
		}
		benchmarkLists(b, newBigWorld(b, size, databases.Postgres(b, server)))
	})
}

func benchmarkLists(b *testing.B, w *bigWorld) {
	list := append(w.lists(), listPage{"audit log as a file", paths.ExportAudit(paths.Audit(shop)), w.boss, w.size.events})
	for _, p := range list {
		b.Run(fmt.Sprintf("%s/%d", strings.ReplaceAll(p.name, " ", "_"), p.rows), func(b *testing.B) {
			p.who.fetch(p.address)
			before, cpu, n := w.statements.Load(), cpuTime(b), 0
			for b.Loop() {
				n++
				if status, _ := p.who.fetch(p.address); status != http.StatusOK && status != http.StatusSeeOther {
					b.Fatalf("status %d", status)
				}
			}
			b.ReportMetric(float64(w.statements.Load()-before)/float64(n), "statements/op")
			b.ReportMetric(float64((cpuTime(b)-cpu).Microseconds())/1000/float64(n), "cpu-ms/op")
			b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(n), "ms/op")
		})
	}
}
