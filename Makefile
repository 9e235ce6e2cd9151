# Targets that CI also runs are steps of .ci/run, so that there is one recipe.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

FUZZTIME ?= 10s

# The transpiled SQLite is many times slower under the race detector; the
# packages named here run it little or not at all. Empty: the list in .ci/run.
RACE_PKGS ?=

# Which benchmarks, how often, and an older result to compare with.
BENCH ?= .
COUNT ?= 1
BASE ?=

# How many histories each property test tries, and the seed of the first.
CHECKS ?= 1000
SEED ?= 0

# How long the cluster is simulated, or which seeds, and where traces of failed runs go.
SIM_FOR ?= 1h
SEEDS ?=
TRACES ?= $(CURDIR)

# How long real processes suffer, how many there are, and how many are killed to measure.
CHAOS ?= 10m
NODES ?= 3
KILLS ?= 100

DIR ?= shop.data
DATA ?=

.PHONY: help disks catalogues olist journey lies check test race sim properties chaos storm planted failover fuzz bench searchbench relevance replay fixture golden crowd flood rush

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

check: ## gofmt, vet, staticcheck, tidy: what a change must pass before its tests
	@.ci/run gofmt vet staticcheck tidy libc

test: ## all tests
	go test ./...

race: ## race detector on the packages where it is affordable (RACE_PKGS="./a ./b")
	@RACE_PKGS="$(RACE_PKGS)" .ci/run race

sim: ## the simulated cluster for SIM_FOR=1h (or SEEDS="7 8"); a failed run leaves its trace in TRACES
	SIM_FOR=$(SIM_FOR) SIM_SEEDS="$(SEEDS)" COMMERCE_TRACES=$(TRACES) go test -count=1 -timeout=24h -v -run='^TestSimulation$$' ./internal/sim

chaos: ## real processes in network namespaces, killed and cut off for CHAOS=10m, with NODES=3; needs root
	@[[ $$(id -u) == 0 ]] || { echo "namespaces take root; COMMERCE_LOOPBACK=1 stays on loopback"; [[ -n "$${COMMERCE_LOOPBACK:-}" ]]; }
	@{ command -v strace && command -v ip; } >/dev/null || { apt-get update -q && apt-get install -y -q --no-install-recommends iproute2 strace; }
	COMMERCE_CHAOS=$(CHAOS) COMMERCE_NODES=$(NODES) go test -count=1 -timeout=24h -v -run='^TestChaos$$' ./internal/chaos

storm: ## the leadership handed on five times a second beside reads and writes, 1,000 seeds (about 20 minutes)
	COMMERCE_LONG=1 go test -count=1 -timeout=3h -run='^TestAStormOfTransfers$$' ./replication

planted: ## plant bugs in the code of a cluster, one at a time, and see that the tests find them
	COMMERCE_LONG=1 go test -count=1 -timeout=1h -v -run='^TestPlanted' ./internal/planted

failover: ## how long the loss of a node is felt, over KILLS=100 of them (COMMERCE_SILENT=1: by its link, which takes root)
	COMMERCE_KILLS=$(KILLS) go test -count=1 -timeout=24h -v -run='^TestFailover$$' ./internal/chaos

properties: ## property tests with many more random histories (CHECKS=1000 SEED=0: a new seed)
	@for dir in $$(grep -rl --include='*_test.go' 'rapid\.Check(' . | xargs -r -n1 dirname | sort -u); do \
		tests=$$(awk '/^func Test/ { sub(/\(.*/, "", $$2); name = $$2 } /rapid\.Check\(/ { print name }' $$dir/*_test.go | sort -u | paste -sd'|'); \
		go test -count=1 -timeout=2h -run="^($$tests)\$$" $$dir -rapid.checks=$(CHECKS) -rapid.seed=$(SEED); \
	done

fuzz: ## each fuzz target for FUZZTIME=10s
	@FUZZTIME=$(FUZZTIME) .ci/run fuzz

bench: ## benchmarks of the root package into bench.txt (BENCH=Checkout COUNT=5 BASE=old.txt)
	go test -run='^$$' -bench='$(BENCH)' -benchmem -count=$(COUNT) . | tee bench.txt
ifneq ($(BASE),)
	go tool -modfile=tools/go.mod benchstat $(BASE) bench.txt
endif

searchbench: ## benchmarks of search over the Icecat catalogue in ../shared/data (docs/search.md)
	go test -run='^$$' -bench='Find$$|Suggest' -benchtime=3000x ./search
	go test -run='^$$' -bench='Index$$|Rebuild|Beside' -benchtime=1x ./search
	go test -run='^$$' -bench='Listing' -benchtime=1000x ./search
	go test -run='^$$' -bench='Visible' -benchtime=100x ./search
	COMMERCE_SEARCH_PRODUCTS=100000 go test -run='^$$' -bench='FindMany' -benchtime=3000x -timeout=30m ./search

relevance: ## search against people's ratings of the Icecat catalogue in ../shared/data, query by query
	go test -count=1 -run=TestRelevance -v ./search

crowd: ## 10,000 idle connections (as far as ulimit -n allows)
	COMMERCE_LONG=1 go test -count=1 -v -run=TestIdleConnections ./internal/web

rush: ## a thousand buyers at once, for the last use of a code and for the last unit
	COMMERCE_LONG=1 go test -count=1 -timeout=1h -v -run='^(TestUsesAreNeverExceeded|TestManyForTheLastOne)$$' ./checkout

flood: ## five times what the API can do, for a minute; who buys is served
	COMMERCE_LONG=1 go test -count=1 -v -run=TestAFloodAtFiveTimesCapacity ./httpapi

replay: ## a retailer's year of orders, then verify (DATA=online_retail.csv.gz DIR=shop.data)
	@[[ -n "$(DATA)" ]] || { echo "name the file: make replay DATA=online_retail.csv.gz"; exit 2; }
	go run ./cmd/commerce replay --dir $(DIR) $(DATA)
	go run ./cmd/commerce verify $(DIR)

lies: ## 20,000 orders at a bank that lies, 10,000 orders of webhooks, every case of the crash matrix
	COMMERCE_LONG=1 go test -count=1 -timeout=3h -run='^(TestLyingProvider|TestWebhooksInAnyOrder|TestCrashMatrix)$$' -v ./checkout

catalogues: ## imports killed 20 times, a file of 2 GB in little memory, the Icecat catalogue in ../shared/data out and in again
	COMMERCE_LONG=1 go test -count=1 -timeout=3h -run='^(TestImportKilled|TestMemoryIsThatOfABatch|TestIcecat|TestEveryFieldOfIcecat)$$' -v ./cmd/commerce ./interchange

disks: ## every I/O call that fails or hangs, a hundred lives of power cuts, thousands of flipped bytes
	COMMERCE_LONG=1 go test -count=1 -timeout=6h -run='^(TestEveryFailingCall|TestEveryHangingCall|TestPowerLoss|TestFlippedBytes)$$' -v .
	COMMERCE_LONG=1 go test -count=1 -timeout=1h -run='^(TestTheNodeStopsAtEveryFailingCall|TestAFlippedBitIsRefusedOrHarmless)$$' -v ./replication ./replication/internal/raftlog

olist: ## a marketplace's 99,440 orders in ../shared/data with all their payments, and their ledger read by awk
	COMMERCE_LONG=1 COMMERCE_OLIST_LEDGER=$(CURDIR)/olist-ledger.csv go test -count=1 -timeout=3h -run='^TestOlist$$' -v .
	zcat ../shared/data/olist/olist_order_payments_dataset.csv.gz | awk -f testdata/olist.awk olist-ledger.csv -

journey: ## a grocer's 2,102 redeemed coupons and 47,243 baskets in ../shared/data
	COMMERCE_LONG=1 go test -count=1 -run='^TestCompleteJourney' -v ./pricing ./checkout

fixture: ## write testdata/stores anew for this format and level; see proof_fixture_test.go
	COMMERCE_FIXTURE=1 go test -count=1 -run='^TestWriteFixture$$' .

golden: ## rewrite golden files; the diff is the review
	@for dir in $$(grep -rl --include='*_test.go' 'flag\.Bool("update"' . | xargs -r -n1 dirname | sort -u); do \
		go test -count=1 -run=Golden $$dir -update; \
	done
	@git status --short -- '*testdata*'
