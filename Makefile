# Everything starts from a fresh clone: Go, a C compiler, Node.js >= 20 with npm.
GO        ?= go
TOOLS     := $(CURDIR)/build/tools
LINT      := golangci-lint
LINT_VERSION := v2.15.0
STAMP     := node_modules/.package-lock.json
VENDOR    := static/js/vendor/htmx.min.js static/js/vendor/editor.js static/js/vendor/echarts.min.js examples/web/vendor/cloud-sdk.js
ORACLE    := internal/docdb/oracle/node_modules/.package-lock.json
PROVIDER  := internal/identity/oidc/provider/node_modules/.package-lock.json
SDK       := internal/runner/sdk/wx-server-sdk.tar.gz

.PHONY: run test build check generate css lint bench fuzz nightly crash e2e screenshots clean

# Console with demo data at http://127.0.0.1:8080, gateway at :8081.
run: build
	./bin/envshare serve --demo

build: $(VENDOR) $(SDK)
	$(GO) build -o bin/envshare .

test: $(VENDOR) $(SDK) $(ORACLE) $(PROVIDER)
	$(GO) test -race -shuffle=on ./...

# Format, generated files current, vet, lint.
check: $(VENDOR) $(SDK) lint
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo 'run gofmt -w on these'; exit 1; }
	$(MAKE) --no-print-directory generate
	@git diff --exit-code --stat -- '*_templ.go' static/css/app.css docs/config.md || { echo 'generated files are stale: run make generate and commit'; exit 1; }
	$(GO) vet ./...

generate: $(STAMP)
	$(GO) tool templ generate -path views
	npm run --silent css
	$(GO) run . config-docs > docs/config.md

lint:
	@command -v $(LINT) >/dev/null || test -x $(TOOLS)/$(LINT) || GOBIN=$(TOOLS) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	PATH="$$PATH:$(TOOLS)" $(LINT) run ./...

# The figures of docs/performance.md, with what they are compared with, on a machine with nothing else to do; the first
# time it builds PocketBase too, a minute or two.
bench: $(SDK) bench/node_modules/.package-lock.json $(TOOLS)/pocketbase
	ENVSHARE_BENCH=1 $(GO) test -count=1 -timeout 15m -run '^TestPeer' -v ./internal/gateway
	ENVSHARE_BENCH=1 $(GO) test -count=1 -timeout 20m -run '^(TestEngineAgainstRawSQL|TestSizeCostsLittle)$$' -v ./internal/docdb
	$(GO) test -count=1 -timeout 20m -run '^$$' -bench '^Benchmark(SharesPage5000|ListPages|Lists)$$' ./handlers
	$(GO) test -count=1 -timeout 10m -run '^$$' -bench '^BenchmarkLogs10k$$' ./internal/service
	$(GO) test -count=1 -run '^$$' -bench '^BenchmarkGuardedRead$$' -benchtime 3s ./internal/service

# PocketBase is a module of its own: nothing of it enters the product.
$(TOOLS)/pocketbase: bench/pocketbase/main.go bench/pocketbase/go.mod bench/pocketbase/go.sum
	cd bench/pocketbase && $(GO) build -o $@ .

# A minute for every fuzz target.
fuzz:
	@for pair in $$(grep -rlE '^func Fuzz' --include='*_test.go' models internal | xargs grep -HoE '^func Fuzz[A-Za-z0-9]+' | sed -E 's|^(.*)/[^/]+:func (.*)$$|\1:\2|'); do \
		$(GO) test ./$${pair%%:*} -run '^$$' -fuzz "^$${pair##*:}$$" -fuzztime 60s -fuzzminimizetime 10x || exit 1; done

# A million random cases against the subset test of security rules: a few minutes. ENVSHARE_RULES_SEED repeats a run.
nightly:
	ENVSHARE_RULES_CASES=1000000 $(GO) test -count=1 -timeout 60m -run '^(TestYesIsNeverWrong|TestAtomsMeanWhatQueriesMean|TestPrintedRulesAreTheSameRules|TestWhatIsSettledNeedsNoDocument)$$' -v ./internal/rules

# Kills a server fifty times while it writes, and looks for what it had acknowledged.
crash: $(SDK)
	ENVSHARE_CRASH_ROUNDS=50 $(GO) test -count=1 -timeout 20m -run '^TestNothingAcknowledgedIsLost$$' -v .

# The tour in a real browser and with the genuine SDK: needs Chromium at /usr/bin/chromium, or CHROMIUM.
e2e: build e2e/node_modules/.package-lock.json $(PROVIDER)
	cd e2e && node --test --test-concurrency=2

# The pictures of the README, from the demo.
screenshots: build e2e/node_modules/.package-lock.json
	cd e2e && node screenshots.mjs

# The S3 server that the tests of file storage start: built from its module, a few minutes the first time.
MINIO_VERSION := v0.0.0-20260212201848-7aac2a2c5b7c
build/tools/minio:
	GOBIN=$(TOOLS) $(GO) install github.com/minio/minio@$(MINIO_VERSION)

$(STAMP): package.json package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(VENDOR) &: $(STAMP) static/editor/editor.js static/bundles/echarts.mjs
	npm run --silent vendor
	@touch $(VENDOR)

$(SDK): internal/runner/sdk/package-lock.json internal/runner/sdk/build.sh
	sh internal/runner/sdk/build.sh

e2e/node_modules/.package-lock.json: e2e/package.json e2e/package-lock.json
	cd e2e && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(ORACLE): internal/docdb/oracle/package.json internal/docdb/oracle/package-lock.json
	cd internal/docdb/oracle && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(PROVIDER): internal/identity/oidc/provider/package.json internal/identity/oidc/provider/package-lock.json
	cd internal/identity/oidc/provider && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

bench/node_modules/.package-lock.json: bench/package.json bench/package-lock.json
	cd bench && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

clean:
	rm -rf bin build node_modules e2e/node_modules bench/node_modules internal/docdb/oracle/node_modules internal/identity/oidc/provider/node_modules $(SDK) static/js/vendor examples/web/vendor
