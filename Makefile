# Thin on purpose: a target prepares the tools once, then calls the program that does the work.
# ENV chooses the inventory: make up ENV=local is the default.
.DEFAULT_GOAL := help

ENV ?= local
BIN := .venv/bin
PLAYBOOK := $(BIN)/ansible-playbook -i inventories/$(ENV)
export PATH := $(CURDIR)/$(BIN):$(PATH)

LINTERS := ruff mypy yamllint shellcheck ansible-lint docs-fresh
PARTS := $(LINTERS) unit policy molecule cluster engine rollout contract examples

.PHONY: help
help: ## Say what there is to call
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf '  make %-14s %s\n' "$$name" "$$text"; done

##### Operate

.PHONY: up
up: .venv/.ready-up ## Launch the environment ENV, ask it whether it answers, print its URL
	$(PLAYBOOK) site.yml
	$(PLAYBOOK) playbooks/smoke.yml

.PHONY: smoke
smoke: .venv/.ready-up ## Ask the running environment through its front door
	$(PLAYBOOK) playbooks/smoke.yml

.PHONY: destroy
destroy: .venv/.ready-up ## Remove the environment with its data; asks first, FORCE=1 does not
	$(PLAYBOOK) playbooks/destroy.yml $(if $(FORCE),-e destroy_confirm=$(ENV))

.PHONY: render
render: .venv/.ready-up ## Write what would run as JSON, touching no host
	$(PLAYBOOK) playbooks/render.yml

##### Try several hosts on this machine: lab/README.md

LAB_ENV := $(if $(filter lab%,$(ENV)),$(ENV),lab)
LAB := $(BIN)/ansible-playbook -i inventories/$(LAB_ENV)

.PHONY: lab
lab: .venv/.ready-up ## Start the servers of the lab: containers with systemd, an engine and SSH
	$(LAB) lab/up.yml

.PHONY: lab-up
lab-up: .venv/.ready-up ## Launch the lab's environment on them, ask it whether it answers
	$(LAB) site.yml
	$(LAB) playbooks/smoke.yml

.PHONY: lab-destroy
lab-destroy: .venv/.ready-up ## Remove the servers of the lab with all that is on them
	$(LAB) lab/down.yml

##### Test: all parts run, each is timed, the last line is the sum

.PHONY: test
test: .venv/.ready-test ## Lint, unit tests, policies, and the whole chain on this machine
	@tests/run_parts $(PARTS)

.PHONY: lint
lint: .venv/.ready-test ## Every linter
	@tests/run_parts $(LINTERS)

.PHONY: unit
unit: .venv/.ready-test ## Tests of the Python code, the roles' arguments and the policies
	$(BIN)/pytest --junitxml build/unit.xml

# Without ENV, that of both embedded inventories: one machine, and several.
.PHONY: policy
policy: .venv/.ready-test ## Apply the policies to what would run; LIVE=1 to what does run as well
	$(foreach env,$(if $(filter file,$(origin ENV)),local lab,$(ENV)),$(call scan,$(env)))

define scan
$(BIN)/ansible-playbook -i inventories/$(1) playbooks/policy.yml -e policy_apply=false $(if $(LIVE),-e policy_live=true)
$(BIN)/python -m policies.run build/rendered/$(1) --sources --judges --waivers inventories/$(1)/policy-waivers.yml --output build/policy/$(1)

endef

.PHONY: engine
engine: .venv/.ready-test ## Tests of the container role against this machine's engine
	$(PLAYBOOK) playbooks/engine.yml playbooks/images.yml
	$(BIN)/pytest tests/engine --junitxml build/engine.xml

.PHONY: molecule
molecule: .venv/.ready-test ## Converge, converge again, check mode, testinfra, destroy
	$(PLAYBOOK) playbooks/engine.yml
	$(BIN)/molecule test --scenario-name default

.PHONY: cluster
cluster: .venv/.ready-test ## The same on the lab of three servers, where things break under load
	$(PLAYBOOK) playbooks/engine.yml
	$(BIN)/molecule test --scenario-name cluster

.PHONY: faults
faults: .venv/.ready-test ## Break everything, one after the other, on the lab that lab-up launched; print what it cost
	SLIPWAY_INVENTORY=inventories/$(LAB_ENV) $(BIN)/python -m tests.faults

# An environment of its own, which is destroyed afterwards; SLIPWAY_KEEP=1 keeps it.
.PHONY: hosts
hosts: .venv/.ready-test ## Hosts come, go, are replaced and are away, each under load, about half an hour
	$(PLAYBOOK) playbooks/engine.yml
	$(BIN)/pytest tests/hosts --junitxml build/hosts.xml

# The same.
.PHONY: rollout
rollout: .venv/.ready-test ## Deploy good and bad versions under load: the part that make test has time for
	$(PLAYBOOK) playbooks/engine.yml
	$(BIN)/pytest tests/rollout -m "not long" --junitxml build/rollout.xml

.PHONY: rollouts
rollouts: .venv/.ready-test ## All of that, about twenty minutes
	$(PLAYBOOK) playbooks/engine.yml
	$(BIN)/pytest tests/rollout --junitxml build/rollout.xml

.PHONY: bad-releases
bad-releases: .venv/.ready-test ## Every bad version on the lab that lab-up launched, about twenty minutes
	SLIPWAY_INVENTORY=inventories/$(LAB_ENV) $(BIN)/pytest tests/rollout/test_bad_releases.py --junitxml build/bad-releases.xml

# The same: an environment of its own, SLIPWAY_KEEP=1 keeps it.
.PHONY: examples
examples: .venv/.ready-test ## All examples side by side: their own tests, what they do, and that none reaches another
	$(PLAYBOOK) playbooks/engine.yml
	$(BIN)/pytest tests/examples --junitxml build/examples.xml

# As rollout: an environment of its own, destroyed afterwards unless SLIPWAY_KEEP=1.
.PHONY: contract
contract: .venv/.ready-test ## Deploy an application that states every key of the contract, and ask it about each
	$(PLAYBOOK) playbooks/engine.yml
	$(BIN)/pytest tests/contract --junitxml build/contract.xml

.PHONY: thirdparty
thirdparty: .venv/.ready-test ## Deploy two applications of PyPI that nobody here wrote; about ten minutes, not a part of make test
	$(PLAYBOOK) playbooks/engine.yml
	$(BIN)/pytest tests/thirdparty --junitxml build/thirdparty.xml

.PHONY: bench-rollout
bench-rollout: .venv/.ready-test ## Measure 20 deploys under load, 10 killed ones, and the usual way, about 40 minutes
	$(PLAYBOOK) playbooks/engine.yml
	$(BIN)/python -m tests.bench.rollout

.PHONY: bench
bench: .venv/.ready-test ## Measure cold start, warm converge and requests per second
	$(BIN)/python -m tests.bench

.PHONY: ruff mypy yamllint shellcheck ansible-lint docs-fresh
ruff: .venv/.ready-test
	$(BIN)/ruff check
	$(BIN)/ruff format --check

mypy: .venv/.ready-test
	$(BIN)/mypy

yamllint: .venv/.ready-test
	$(BIN)/yamllint --strict .

shellcheck: .venv/.ready-test
	scripts/shell_scripts | xargs -r $(BIN)/shellcheck

ansible-lint: .venv/.ready-test
	$(BIN)/ansible-lint --offline --strict

docs-fresh: .venv/.ready-test
	$(BIN)/python docs/generate.py --check

##### Documents and tools

.PHONY: docs
docs: .venv/.ready-test ## Write what is generated: tables of variables, the contract, the policies
	$(BIN)/python docs/generate.py

.venv/.ready-up: requirements.txt constraints.txt scripts/bootstrap
	@scripts/bootstrap requirements.txt
	@touch $@

.venv/.ready-test: requirements-dev.txt requirements.txt constraints.txt scripts/bootstrap
	@scripts/bootstrap requirements-dev.txt
	@touch $@ .venv/.ready-up
