# `make` alone lists the targets.
.DEFAULT_GOAL := help
GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
export PATH := $(shell $(GO) env GOPATH 2>/dev/null)/bin:$(PATH)

.PHONY: help build demo test prepare unit lint e2e conformance matrix bench pgo fuzz image docs clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## compile a static bin/appia
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/appia ./cmd/appia

demo: ## route the example stacks through an embedded swarm, on :8000 and :8080
	$(GO) run ./cmd/appia demo $(DEMO)

test: prepare lint unit e2e ## all checks and tests; installs what they need from Debian

prepare: ## install from Debian what the tests need
	deploy/e2e/prepare
	cmd/bench/prepare
	proxy/http1/prepare
	proxy/certs/acme/prepare
	proxy/stdhttp/prepare

lint: ## gofmt, vet, staticcheck
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "not gofmt-clean: $$unformatted"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

unit: ## every test but those on a real swarm, with the race detector
	$(GO) test -race -timeout 20m $$($(GO) list ./... | grep -v /deploy/e2e)
	$(GO) test -run 'Alloc' ./rules ./balancer ./proxy/...

e2e: ## the product on a real swarm: a dockerd of its own, started and stopped by the tests
	$(GO) test -count=1 -timeout 15m ./deploy/e2e/...

conformance: prepare ## the suites that take minutes, beside those of make test
	proxy/prepare
	$(GO) test -count=1 -timeout 60m ./proxy -run 'TestAScan|TestABrowser' -v -conformance
	$(GO) test -count=1 -timeout 60m ./cmd/internal/app -run 'IsKilled' -v -conformance

matrix: ## every cell of the update matrix, on a real swarm; its table is for docs/matrix.md (half an hour)
	$(GO) test -count=1 -timeout 60m ./deploy/e2e -run 'TestNoDeployment|TestDrain' -v -matrix.all -matrix.file $(CURDIR)/matrix.md

bench: ## benchmarks, then Appia beside nginx and HAProxy; docs/benchmarks*.md explain the figures
	$(GO) test -run '^$$' -bench . -benchmem ./rules ./balancer/... ./proxy/... ./cmd/internal/app
	cmd/bench/prepare
	$(GO) run ./cmd/bench --quick $(BENCH)

# Ten seconds each of the whole product under loads of several kinds: small requests, connections, bodies, tunnels.
PGO_LOADS := h1-1k-c64 h1-1k-c512 h1-conn-per-request h1-100k h1-upload-1m websocket-echo h1-1k-c64-logs
pgo: ## take the profile anew that the compiler optimises by
	cmd/bench/prepare
	@dir=$$(mktemp -d) && trap "rm -rf $$dir" EXIT && set -ex && $(GO) build -tags profile -o $$dir/appia ./cmd/appia && \
	APPIA_PROFILE=$$dir $(GO) run ./cmd/bench --rounds 1 --seconds 10 --only appia $(PGO_LOADS:%=--only %) --appia $$dir/appia --http1 appia && \
	$(GO) tool pprof -proto -output cmd/appia/default.pgo $$dir/appia $$dir/*.prof

fuzz: ## a minute of each fuzz target
	@for t in $$(grep -rl '^func Fuzz' --include='*_test.go' . | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -ho '^func Fuzz[A-Za-z0-9]*' $$t/*_test.go | sed 's/func //'); do \
	    $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime 60s $$t || exit 1; done; done

image: build ## the container image appia:dev, from a locally compiled binary
	cp /etc/ssl/certs/ca-certificates.crt bin/ 2>/dev/null || : > bin/ca-certificates.crt
	DOCKER_BUILDKIT=0 docker build -q -f deploy/Dockerfile.local -t appia:dev .

docs: ## write the generated pages of docs/ anew
	$(GO) test ./discovery/labels ./cmd/internal/config -update

clean: ## remove what was built
	rm -rf bin
