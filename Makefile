# `make` alone prints the targets. Everything that is not a language toolchain
# (Go, Node with npm, Python 3) is installed into .tools/ and node_modules/.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

GOLANGCI_LINT_VERSION := v2.15.0
TOOLS := $(CURDIR)/.tools
VENV := $(TOOLS)/venv
GOLANGCI_LINT := $(TOOLS)/bin/golangci-lint-$(GOLANGCI_LINT_VERSION)
GOTESTSUM_VERSION := v1.13.0
GOTESTSUM := $(TOOLS)/bin/gotestsum-$(GOTESTSUM_VERSION)

# The same flags for every build, test and lint: the AWS SDK's EC2 package takes
# a minute to compile, and other flags would compile it again.
export CGO_ENABLED := 0
export GOFLAGS := -trimpath -buildvcs=false
# Node 20 works, but jsii prints a banner about its end of life at every start.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
export JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION := 1
# The CLI reports usage over the network unless told otherwise.
export CDK_DISABLE_CLI_TELEMETRY := true
# Nothing here may find an account by accident, save deploy and diff.
OFFLINE := env -u AWS_PROFILE -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_SESSION_TOKEN \
	AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null

ENGINE_SOURCES := go.mod go.sum $(shell find internal lambda -type f -not -name '*_test.go' -not -path 'internal/bundle/*' 2>/dev/null)
APP_SOURCES := go.mod go.sum cdk.json package-lock.json $(wildcard *.go) \
	$(shell find constructs stacks internal/contract internal/boot internal/bundle -type f -not -name '*_test.go' 2>/dev/null)
SUITE := $(OFFLINE) GOTESTSUM=$(GOTESTSUM) GOLANGCI_LINT=$(GOLANGCI_LINT) scripts/suite
TEST := build unit simulation fresh node walls documents template roles consumer synth cfn-lint schemas emulator e2e

##@ Use

.PHONY: demo
demo: build tools-test ## Deploy, fail, change and delete two nodes in the emulator (DEMO_ARGS="--no-capacity <az>")
	@$(OFFLINE) go run ./test/demo $(DEMO_ARGS)

.PHONY: synth
synth: cdk.out/.stamp ## Write the CloudFormation templates to cdk.out; needs no account

.PHONY: deploy
deploy: build node ## Deploy all stacks into your account (CDK_ARGS="…" is handed to cdk)
	npx --no-install cdk deploy --all $(CDK_ARGS)

.PHONY: diff
diff: build node ## Compare the templates with what is deployed in your account
	npx --no-install cdk diff $(CDK_ARGS)

##@ Test

.PHONY: test
test: tools-test $(GOTESTSUM) ## Everything: unit, simulation, node, walls, templates, emulator, end to end, cfn-lint, documents; one closing summary
	@$(SUITE) $(TEST)

.PHONY: test-busy
test-busy: ## make test beside LOOPS=8 busy loops: slower, and still green (TARGET=test-e2e: another target)
	@scripts/busy $(or $(LOOPS),8) $(MAKE) --no-print-directory $(or $(TARGET),test)

.PHONY: test-unit
test-unit: $(GOTESTSUM) ## Unit tests only (no Node, no Python)
	@$(SUITE) unit

.PHONY: test-template
test-template: node $(GOTESTSUM) ## Template tests only
	@$(SUITE) build template roles

.PHONY: test-e2e
test-e2e: tools-test $(GOTESTSUM) ## End-to-end tests only: the real binary against the emulator
	@$(SUITE) build synth e2e

.PHONY: test-consumer
test-consumer: node $(GOTESTSUM) ## A module elsewhere imports a release of this tree and synthesises, from the module cache and vendored
	@$(SUITE) consumer

.PHONY: test-node-versions
test-node-versions: build node $(GOTESTSUM) $(if $(NODES),,$(TOOLS)/nodes.stamp) ## Synthesise under Node.js 20, 22 and 24 and compare the templates (NODES="path path": under those)
	@$(SUITE) node-versions

.PHONY: sim
sim: ## Seeded simulation of the engine (SEEDS=n FROM=n NODES=n FOR=30m WORKERS=n; SEED=n replays one with its trace)
	@go build -o dist/campaign ./test/sim/campaign
	@dist/campaign $(if $(SEED),-seed $(SEED)) $(if $(SEEDS),-seeds $(SEEDS)) $(if $(FROM),-from $(FROM)) $(if $(NODES),-nodes $(NODES)) $(if $(FOR),-for $(FOR)) $(if $(WORKERS),-workers $(WORKERS))

.PHONY: figures
figures: ## This engine beside three other designs and the floor, on the same seeds (SEEDS=n, WRITE=1 keeps them in docs/performance.md)
	@nice -n 10 go run ./test/sim/figures $(if $(SEEDS),-seeds $(SEEDS)) $(if $(NODES),-nodes $(NODES)) $(if $(WORKERS),-workers $(WORKERS)) $(if $(WRITE),-write docs/performance.md)

.PHONY: mutants
mutants: ## Plant known bugs one by one and see random seeds fail (MUTANTS_ARGS="-only name -minutes n"); ends with its score
	@go run ./scripts/mutants $(MUTANTS_ARGS)

.PHONY: mutation
mutation: ## Change the engine's source piece by piece and see which tests notice (MUTATION_ARGS="-help" tells the flags)
	@nice -n 10 go run ./scripts/mutation $(MUTATION_ARGS)

.PHONY: lint
lint: $(GOLANGCI_LINT) python ## go vet, golangci-lint (with gofumpt), prose, shellcheck
	@$(SUITE) vet golangci prose shellcheck

# The database as a module: vuln.go.dev need not be reached, and its content is in the checksum database.
VULNDB := golang.org/x/vulndb@v0.0.0-20261105234957-e22db6528018

.PHONY: vulncheck
vulncheck: ## Known vulnerabilities that switcher and recoveryctl can reach (VULNDB=golang.org/x/vulndb@latest: by the newest database)
	@scripts/preflight go
	@db=$$(GOFLAGS= go mod download -json $(VULNDB) | sed -n 's/^\t"Dir": "\(.*\)",$$/\1/p'); \
	if [ -z "$$db" ]; then echo "vulncheck: $(VULNDB) cannot be had from $$(go env GOPROXY): name another version by VULNDB" >&2; exit 1; fi; \
	GOTOOLCHAIN=$$(sed -n 's/^const toolchain = "\(.*\)"$$/\1/p' scripts/bundle/main.go) \
		nice -n 10 go run golang.org/x/vuln/cmd/govulncheck@v1.8.0 -db "file://$$db/data/osv" ./lambda/... ./cmd/...

.PHONY: fmt
fmt: $(GOLANGCI_LINT) ## Format all Go files with gofumpt
	$(GOLANGCI_LINT) fmt

# RUNS=n runs of each, WRITE=1 keeps the tables in docs/performance.md.
BENCH := $(OFFLINE) go run ./test/bench $(if $(RUNS),-runs $(RUNS)) $(if $(WRITE),-write docs/performance.md)

.PHONY: bench
bench: bench-synth bench-growth bench-function ## Speed of everything, as ratios: engine, synthesis, growth, function (RUNS=n, WRITE=1 keeps the tables in docs/performance.md)
	go test -timeout=90m -run '^$$' -bench . -benchmem ./internal/... ./test/sim

.PHONY: bench-synth
bench-synth: build ## Synthesis of the example app beside the same app in TypeScript
	@$(BENCH) synth

.PHONY: bench-growth
bench-growth: build ## Synthesis of 1 to 100 nodes in 1 to 5 VPCs
	@$(BENCH) growth

.PHONY: bench-function
bench-function: ## The switcher's start beside a hello-world function's, and its zips
	@$(BENCH) function

.PHONY: bench-loop
bench-loop: tools-test ## make test, twice: where the time goes (COLD=1: once, without Go's build cache)
	@$(BENCH) $(if $(COLD),-cold) loop

##@ Write

.PHONY: golden
golden: build node ## Rewrite the golden templates from what is synthesised now
	CDK_VALIDATION=false go test -timeout=90m -count=1 ./test/template/... -update
	CDK_VALIDATION=false go test -timeout=90m -count=1 ./test/consumer -update

.PHONY: schemas
schemas: python ## Write which properties replace a resource, from the CloudFormation schemas in cfn-lint (TYPES="AWS::…": add these types)
	$(VENV)/bin/python scripts/schemas/createonly.py test/template/testdata/create-only.json $(TYPES)

.PHONY: diagram
diagram: synth ## Draw what app.go deploys into docs/diagram.md, from the synthesised templates
	go run ./scripts/diagram -out docs/diagram.md

.PHONY: logical-ids
logical-ids: node ## Write the logical ids that release VERSION=x.y.z will have made, for the next one to be compared with
	CDK_VALIDATION=false go test -timeout=90m -count=1 ./test/template -run TestLogicalIDs -freeze "$(or $(VERSION),unreleased)"

.PHONY: docs
docs: ## Write what is generated in docs: messages, tables of props, the comparison
	go generate ./internal/message/... ./cmd/recoveryctl/...
	go test -timeout=90m ./test/docs -count=1 -run 'TestPropsTables|TestComparison' -update

.PHONY: prose-baseline
prose-baseline: ## Remove the sentences that were rewritten from the baseline of the prose lint; adds none
	go run ./scripts/prose -write

.PHONY: screens
screens: tools-test ## Write docs/cli/screens.md and README's screens from a session of recoveryctl in the emulator
	@$(OFFLINE) go test -timeout=90m ./test/cli -count=1 -run TestScreens -update
	@$(OFFLINE) go test -timeout=90m ./test/docs -count=1 -run TestReadmeShowsTheScreens -update

.PHONY: requirements
requirements: ## Pin requirements.in into requirements.txt, with hashes
	@scripts/preflight python
	[ -x $(TOOLS)/uv/bin/uv ] || { python3 -m venv $(TOOLS)/uv && $(TOOLS)/uv/bin/pip install -q uv==0.13.8; }
	$(TOOLS)/uv/bin/uv pip compile -q --universal --python-version 3.10 --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links requirements.in -o $(TOOLS)/requirements.txt
	{ echo '# Made by `make requirements`; change requirements.in, not this file.'; cat $(TOOLS)/requirements.txt; } > requirements.txt

##@ Build

.PHONY: build
build: dist/switcher/arm64/bootstrap ## Build the switcher for Lambda on arm64, the default architecture

.PHONY: build-amd64
build-amd64: dist/switcher/x86_64/bootstrap ## Build the switcher for Lambda on x86_64

.PHONY: verify-bundle
verify-bundle: ## Build the release's executables again, bit for bit (VERIFY_ARGS=-cold: without Go's build cache)
	@nice -n 10 go run ./scripts/bundle -verify $(VERIFY_ARGS)

.PHONY: release
release: python ## Check and build release VERSION=x.y.z into dist/release, and change nothing; CONFIRM=1 commits and tags it on a branch
	@$(OFFLINE) RECOVERY_PYTHON=$(VENV)/bin/python nice -n 10 go run ./scripts/release -version "$(VERSION)" $(if $(filter 1,$(CONFIRM)),-confirm)

# One recipe for all processors; the same source gives the same bytes anywhere.
dist/switcher/%/bootstrap: $(ENGINE_SOURCES)
	@scripts/preflight go
	@mkdir -p $(@D)
	GOOS=linux GOARCH=$* go build -tags lambda.norpc -ldflags "-s -w -buildid=" -o $@ ./lambda/switcher
	@chmod 0755 $@ && touch $@

# AWS CDK's name for the processor, under which the Switcher construct looks.
dist/switcher/x86_64/bootstrap: dist/switcher/amd64/bootstrap
	@mkdir -p $(@D) && cp $< $@

cdk.out/.stamp: dist/switcher/arm64/bootstrap $(TOOLS)/node.stamp $(APP_SOURCES)
	@$(OFFLINE) npx --no-install cdk synth --quiet --lookups=false --no-notices
	@touch $@

# The example of two VPCs in one Region and a second Region, for cfn-lint.
dist/multi/.stamp: dist/switcher/arm64/bootstrap $(APP_SOURCES)
	@scripts/preflight go node
	@RECOVERY_EXAMPLE=multi CDK_VALIDATION=false CDK_OUTDIR=$(@D) $(OFFLINE) go run .
	@touch $@

##@ Tools

.PHONY: tools
tools: node python $(GOLANGCI_LINT) $(GOTESTSUM) ## Install all tools into .tools and node_modules (the other targets do it as needed)

.PHONY: node python tools-test
node: $(TOOLS)/node.stamp
python: $(TOOLS)/python.stamp
tools-test: node python

$(TOOLS)/node.stamp: package.json package-lock.json
	@scripts/preflight go node
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@mkdir -p $(@D) && touch $@

# The Node.js releases of test-node-versions, for Linux on x86_64 only.
$(TOOLS)/nodes.stamp: test/nodes/package.json test/nodes/package-lock.json
	@scripts/preflight node
	@mkdir -p $(TOOLS)/nodes && cp $^ $(TOOLS)/nodes/
	cd $(TOOLS)/nodes && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(TOOLS)/python.stamp: requirements.txt
	@scripts/preflight python
	rm -rf $(VENV) && python3 -m venv $(VENV)
	$(VENV)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	@mkdir -p $(@D) && touch $@

$(GOLANGCI_LINT):
	@scripts/preflight go
	GOFLAGS= GOBIN=$(TOOLS)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	@mv $(TOOLS)/bin/golangci-lint $@

$(GOTESTSUM):
	@scripts/preflight go
	GOFLAGS= GOBIN=$(TOOLS)/bin go install gotest.tools/gotestsum@$(GOTESTSUM_VERSION)
	@mv $(TOOLS)/bin/gotestsum $@

.PHONY: clean
clean: ## Remove what the build wrote (CLEAN_ARGS=tools: the tools too)
	rm -rf dist cdk.out $(if $(filter tools,$(CLEAN_ARGS)),.tools node_modules)

.PHONY: help
help: ## Print this
	@awk 'BEGIN {FS = ":.*## "} \
		/^##@ / {printf "\n%s\n", substr($$0, 5)} \
		/^[a-zA-Z0-9_-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
