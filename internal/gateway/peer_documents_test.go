package gateway_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"envshare/internal/testkit/figures"
)

// documentsVariable names the file with the documents, profileVariable the folder
// that profiles of our server go to instead of a comparison.
const (
	documentsVariable = "ENVSHARE_BENCH_DOCUMENTS"
	profileVariable   = "ENVSHARE_BENCH_PROFILE"
)

const (
	documentCount       = 100_000
	groupSize           = 20 // documents of one group, and of a page
	documentRounds      = 5
	documentConnections = 32
)

// article is a document of the comparison, about 400 bytes of JSON.
type article struct {
	ID     string `json:"_id,omitempty"`
	Owner  string `json:"owner"`
	Group  string `json:"group"`
	Rank   int    `json:"rank"`
	Title  string `json:"title"`
	Body   string `json:"body"`
	Edited int    `json:"edited"`
	Done   bool   `json:"done"`
}

func articleID(n int) string { return fmt.Sprintf("d%014d", n) }
func groupName(n int) string { return fmt.Sprintf("g%04d", n) }

func newArticle(n int) article {
	return article{
		ID: articleID(n), Owner: "u00000000000001", Group: groupName(n % (documentCount / groupSize)), Rank: n * 7919 % documentCount,
		Title: fmt.Sprintf("What was decided about request %d", n), Edited: n, Done: n%2 == 0,
		Body: strings.Repeat(fmt.Sprintf("%08d is what this line is about. ", n), 6),
	}
}

// addedArticle is one that a contender gets during the comparison: outside of all
// groups and ranks that are asked for.
func addedArticle(n int) article {
	a := newArticle(n)
	a.ID, a.Group, a.Rank = "", "added", documentCount+n
	return a
}

// documentServer answers the five kinds of calls. Every maker of calls counts or
// draws its own numbers, the same ones for every server.
type documentServer interface {
	process() int
	view(testing.TB, int) call
	group(testing.TB, int) call
	ranks(testing.TB, int) call
	create(testing.TB, int) call
	update(testing.TB, int) call
}

// operation is one kind of call, a block of the table.
type operation struct {
	name, aim string // the aim against both peers
	calls     int    // in a round
	bound     int    // numbers below it are drawn
	make      func(documentServer, testing.TB, int) call
}

var operations = []operation{
	{"view by id", "4.0 / 0.60", 6000, documentCount, documentServer.view},
	{"list 20 of 100,000, equality", "4.0 / 0.60", 2000, documentCount / groupSize, documentServer.group},
	{"list 20 of 100,000, range + sort", "4.0 / 0.60", 2000, documentCount - groupSize, documentServer.ranks},
	{"create", "2.5 / 0.60", 3000, documentCount, documentServer.create},
	{"update by id", "-", 3000, documentCount, documentServer.update},
}

// of makes the calls of an operation to one server.
func (o operation) of(name string, s documentServer, aim string) contender {
	numbers := rand.New(rand.NewPCG(1, uint64(o.bound)))
	return contender{o.name + ", " + name, s.process(), func(tb testing.TB) call { return o.make(s, tb, numbers.IntN(o.bound)) }, aim}
}

// TestPeerDocuments compares documents of the gateway with PocketBase and with a
// bare handler on SQLite, one round of each in turn.
func TestPeerDocuments(t *testing.T) {
	figures.Wanted(t)
	runtime.LockOSThread() // as in TestPeer
	file := writeArticles(t)
	ours := borrowing(t, startServer(t, "TestServeDocuments", documentsVariable+"="+file))
	if dir := os.Getenv(profileVariable); dir != "" {
		profile(t, ours, dir)
		return
	}
	peer := startPocketBase(t, file)
	bare := bareServer{startServer(t, "TestServeBare", documentsVariable+"="+file)}
	agree(t, peer, bare, ours)
	figures.Line()
	figures.Line(fmt.Sprintf("documents, %d connections", documentConnections), "calls/s", "of PB/bare", "aim", "p50", "p99", "CPU/call", "in workers")
	for _, o := range operations {
		compare(t, amount{documentRounds, o.calls, documentConnections}, 2, []contender{
			o.of("PocketBase", peer, "-"), o.of("bare Echo + SQLite", bare, "-"), o.of("EnvShare, borrowed", ours, o.aim),
		})
	}
}

// writeArticles writes the documents that all servers load, one a line.
func writeArticles(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "articles.jsonl")
	file, err := os.Create(path)
	must(t, err)
	out := bufio.NewWriter(file)
	lines := json.NewEncoder(out)
	for n := range documentCount {
		must(t, lines.Encode(newArticle(n)))
	}
	must(t, out.Flush())
	must(t, file.Close())
	return path
}

var articleIDs = regexp.MustCompile(`d\d{14}`)

// agree checks that all servers answer reads with the same documents, and those
// with a sort in the same order.
func agree(t *testing.T, servers ...documentServer) {
	t.Helper()
	for _, o := range operations[:3] {
		for n := range 50 {
			var first []string
			for i, s := range servers {
				ids := articleIDs.FindAllString(string(o.make(s, t, n*o.bound/50).fetch(t)), -1)
				if !strings.Contains(o.name, "sort") {
					slices.Sort(ids)
				}
				if i == 0 {
					first = ids
				}
				if len(ids) == 0 || !slices.Equal(ids, first) {
					t.Fatalf("%s, number %d: server %d answers %v, the first %v", o.name, n, i, ids, first)
				}
			}
		}
	}
}

// profile writes a CPU profile of our server for each operation.
func profile(t *testing.T, ours guest, dir string) {
	t.Helper()
	const length = 8 * time.Second
	for i, o := range operations {
		c := o.of("EnvShare", ours, "-")
		c.round(t, o.calls, documentConnections)
		resp, done := make(chan []byte), false
		go func() {
			text, err := fetchProfile(ours.PprofURL, length)
			if err != nil {
				t.Error(err)
			}
			resp <- text
		}()
		for !done {
			c.round(t, o.calls, documentConnections).print(c, "-")
			select {
			case text := <-resp:
				must(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d-%s.pprof", i, strings.Fields(o.name)[0])), text, 0o600))
				done = true
			default:
			}
		}
	}
}

func fetchProfile(url string, length time.Duration) ([]byte, error) {
	resp, err := http.Get(fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", url, int(length.Seconds())))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	return io.ReadAll(resp.Body)
}

// pocketBase is the peer: bench/pocketbase, which make bench builds.
type pocketBase struct {
	URL, Token, Owner string
	pid               int
}

func startPocketBase(t *testing.T, documents string) *pocketBase {
	t.Helper()
	program, err := filepath.Abs("../../build/tools/pocketbase")
	must(t, err)
	cmd := exec.Command(program, t.TempDir(), documents)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout := start(t, cmd, func() { _ = stdin.Close() })
	p := &pocketBase{pid: cmd.Process.Pid}
	text, err := stdout.ReadBytes('\n')
	must(t, err)
	must(t, json.Unmarshal(text, p))
	go func() { _, _ = io.Copy(io.Discard, stdout) }()
	return p
}

func (p *pocketBase) process() int { return p.pid }

func (p *pocketBase) request(tb testing.TB, method, path string, body any, want string, times int) call {
	return plainCall(tb, method, p.URL+"/api/collections/articles/records"+path, p.Token, body, want, times)
}

// plainCall is a call of JSON without a signature.
func plainCall(tb testing.TB, method, url, token string, body any, want string, times int) call {
	var text []byte
	if body != nil {
		var err error
		text, err = json.Marshal(body)
		must(tb, err)
	}
	r, err := http.NewRequestWithContext(tb.Context(), method, url, strings.NewReader(string(text)))
	must(tb, err)
	if token != "" {
		r.Header.Set("Authorization", token)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return call{r.URL.Host, wire(tb, r), "application/json", want, times}
}

func (p *pocketBase) view(tb testing.TB, n int) call {
	return p.request(tb, http.MethodGet, "/"+articleID(n), nil, `"id":"`+articleID(n)+`"`, 1)
}

func (p *pocketBase) group(tb testing.TB, n int) call {
	return p.list(tb, "&filter=group%3D%22"+groupName(n)+"%22", `"group":"`+groupName(n)+`"`)
}

func (p *pocketBase) ranks(tb testing.TB, n int) call {
	return p.list(tb, fmt.Sprintf("&filter=rank%%3E%%3D%d&sort=rank", n), `"rank":`)
}

// list asks for a page without the count of all matches, which ours has not either.
func (p *pocketBase) list(tb testing.TB, query, each string) call {
	return p.request(tb, http.MethodGet, fmt.Sprintf("?perPage=%d&skipTotal=1%s", groupSize, query), nil, each, groupSize)
}

func (p *pocketBase) create(tb testing.TB, n int) call {
	a := addedArticle(n)
	a.Owner = p.Owner
	return p.request(tb, http.MethodPost, "", a, `"group":"added"`, 1)
}

func (p *pocketBase) update(tb testing.TB, n int) call {
	return p.request(tb, http.MethodPatch, "/"+articleID(n), changed(n), `"title":"What was changed`, 1)
}

var changes int // so far

// changed is what an update sets: two fields without an index, and never the
// values that the document has already.
func changed(n int) map[string]any {
	changes++
	return map[string]any{"title": fmt.Sprintf("What was changed in request %d", n), "edited": documentCount + changes}
}
