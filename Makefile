# Two commands do all the set-up: `make up` and `make test`. `make help` lists the rest.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
export CI ?= 1
SYSTEMS ?=

.DEFAULT_GOAL := help
.PHONY: help up down check test gen bench format

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

node_modules/.package-lock.json: package.json package-lock.json
	@npm ci --include=dev --no-audit --no-fund --loglevel=error
	@touch $@

gen: node_modules/.package-lock.json ## generate code from proto/ and schema.prisma
	@node scripts/gen.ts

up: gen ## start everything: PostgreSQL, NATS, Envoy, the services (SYSTEMS="siren" for some)
	@node mesh/cli/main.ts up --detach $(SYSTEMS)

down: ## stop everything; data stays
	@node mesh/cli/main.ts down

check: gen ## format, lint, copies, types, contracts, generated files, unit tests
	@biome ci --colors=off --error-on-warnings .
	@# .jscpd.json: what main.ts, imports and the head of rpc() have alike is the anatomy of a service, and no copy.
	@jscpd --no-colors --fail-on-empty
	@tsc -p .
	@buf lint
	@node scripts/buf-breaking.ts
	@node scripts/gen.ts --check
	@node mesh/cli/main.ts lint --strict
	@vitest run --project unit

test: check ## check, then integration and end-to-end tests on the real Envoy, NATS and PostgreSQL
	@status=0; for project in integration e2e; do vitest run --project $$project || status=1; done; exit $$status

bench: gen ## benchmarks, side by side with peers
	@node bench/main.ts

format: node_modules/.package-lock.json ## format the code
	@biome check --write .
