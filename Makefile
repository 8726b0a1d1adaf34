# `make` alone lists what there is. Environments make themselves; nothing outside this folder is touched.

.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SAM    := .venv-sam/bin/sam
GDCM   := .medloop/gdcm-3.2.6
D2N    := .medloop/dicom2nifti-2.6.2

export SAM_CLI_TELEMETRY := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo up down test test-all check lint types install remote oracles lock clean
.PHONY: soak fuzz api-fuzz bench-intake bench-pipeline bench-cold-start bench-shards bench-train bench-accuracy bench-inference bench-volumes bench-api

help:  ## List the targets
	@awk -F':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ── for users ──────────────────────────────────────────────────────────────────────────────────────────

demo: $(VENV)/.laptop $(SAM)  ## The whole loop on this machine; TASK=segmentation DATA=folder LIMIT=n EPOCHS=n OUT=folder LOOK=1
	@$(BIN)/python -m local.demo $(if $(TASK),--task $(TASK)) $(if $(DATA),--data "$(DATA)") $(if $(LIMIT),--limit $(LIMIT)) \
	  $(if $(EPOCHS),--epochs $(EPOCHS)) $(if $(OUT),--out "$(OUT)") $(if $(LOOK),--look)

up: $(VENV)/.laptop $(SAM)  ## Bring the laptop cloud up, for your own experiments
	@$(BIN)/medloop up

down: $(VENV)/.laptop  ## Stop it; what it holds stays
	@$(BIN)/medloop down

install: $(VENV)/.dev $(SAM)  ## Make the environments without running anything

remote: $(VENV)/.laptop  ## Add the SageMaker SDK, for `medloop train --remote`; 0.4 GB with what it needs
	$(call environment,requirements/remote.txt)

# Tests that need one of them skip where it is missing, and say so.
oracles:  ## Debian's Orthanc, dicom3tools and Chromium, which tests hold results and console against; needs root
	@apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	  orthanc orthanc-dicomweb dicom3tools chromium fonts-dejavu-core >/dev/null

clean:  ## Remove everything that make made, data of laptop clouds included
	@[ ! -x $(BIN)/medloop ] || $(BIN)/medloop down >/dev/null
	rm -rf $(VENV) .venv-sam .medloop .aws-sam .mypy_cache .ruff_cache .hypothesis *.egg-info

# ── checks ─────────────────────────────────────────────────────────────────────────────────────────────

check: lint types  ## The fast checks: style, types, imports, template, unit tests
	@$(BIN)/pytest -q tests/unit tests/infra

test: lint types  ## Everything that a change must pass
	@$(BIN)/pytest -q tests

test-all: test fuzz soak api-fuzz  ## The same, and damaged files, a failing cloud and the API at full size (an hour)

api-fuzz: $(VENV)/.dev $(SAM)  ## Every operation of the API against its description; EXAMPLES=n of each
	@API_EXAMPLES=$(or $(EXAMPLES),1000) $(BIN)/pytest -q tests/e2e/test_the_api_fits_its_description.py

soak: $(VENV)/.dev $(SAM)  ## Ten thousand objects through a failing laptop cloud; OBJECTS=n SEED=n
	@$(BIN)/python -m benchmarks.soak $(if $(OBJECTS),--objects $(OBJECTS)) $(if $(SEED),--seed $(SEED))

fuzz: $(VENV)/.dev  ## Damaged files of every format through the intake; SECONDS=n SEED=n
	@$(BIN)/python -m benchmarks.fuzz $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED))

# ── measurements: each writes its page under docs/evidence ─────────────────────────────────────────────

bench-intake: $(VENV)/.dev $(GDCM)  ## Intake beside pydicom, dicom-anonymizer and MONAI; DATA=folder LIMIT=n
	@test -n "$(DATA)" || { echo "Which DICOM files? DATA=folder"; exit 1; }
	@$(BIN)/python -m benchmarks.intake --data "$(DATA)" --decoders $(GDCM) $(if $(LIMIT),--limit $(LIMIT))

bench-pipeline: $(VENV)/.dev $(SAM)  ## From the drop into S3 to the catalogue row; DATA=folder LIMIT=n
	@$(BIN)/python -m benchmarks.pipeline $(if $(DATA),--data "$(DATA)") $(if $(LIMIT),--images $(LIMIT))

bench-cold-start: $(VENV)/.dev  ## What each function imports before its first message
	@$(BIN)/python -m benchmarks.cold_start

bench-shards: $(VENV)/.dev  ## Loose arrays, tars and shards, as a training job reads them
	@$(BIN)/python -m benchmarks.shards

bench-train: $(VENV)/.dev  ## Training beside MONAI's recipes and the device's limits; DATA=folder OUT=folder MINUTES=n
	@test -n "$(DATA)" || { echo "Where are mednist/ and hippocampus/? DATA=folder"; exit 1; }
	@$(BIN)/python -m benchmarks.training --data "$(DATA)" $(if $(OUT),--out "$(OUT)") $(if $(MINUTES),--minutes $(MINUTES))

bench-inference: $(VENV)/.dev $(SAM)  ## Serving beside the bare forward pass, and from drop to answer; LIMIT=n
	@OMP_NUM_THREADS=$${OMP_NUM_THREADS:-1} $(BIN)/python -m benchmarks.inference $(if $(LIMIT),--images $(LIMIT))

bench-api: $(VENV)/.dev $(SAM)  ## How long the API takes to read, in its function and through the gateway
	@$(BIN)/python -m benchmarks.api

bench-accuracy: $(VENV)/.dev  ## What recipes reach on real data, three seeds each; DATA=folder OUT=folder
	@test -n "$(DATA)" || { echo "Where are mednist/, pneumonia/ and hippocampus/? DATA=folder"; exit 1; }
	@$(BIN)/python -m benchmarks.training.accuracy --data "$(DATA)" $(if $(OUT),--out "$(OUT)")

bench-volumes: $(VENV)/.dev $(D2N)  ## Volumes beside dcm2niix's and dicom2nifti's; DATA=folder
	@$(BIN)/python -m benchmarks.volumes $(if $(DATA),--data "$(DATA)") --dicom2nifti $(D2N)

$(D2N):
	@$(BIN)/pip install -q --no-deps --target $@ dicom2nifti==2.6.2 python-gdcm==3.2.6

# GDCM decodes for pydicom what its other decoders cannot: whoever is compared with us shall have it.
$(GDCM):
	@$(BIN)/pip install -q --no-deps --target $@ python-gdcm==3.2.6

lint: $(VENV)/.dev $(SAM)
	@$(BIN)/ruff format --no-cache --check -q . && $(BIN)/ruff check --no-cache -q . && $(BIN)/lint-imports >/dev/null
	@$(BIN)/cfn-lint template.yaml
	@$(SAM) validate --lint --template template.yaml --region us-east-1 >/dev/null

types: $(VENV)/.dev
	@$(BIN)/mypy

# ── environments ───────────────────────────────────────────────────────────────────────────────────────

# torch comes first and by itself: pip then takes the CPU build where one is configured, and the other
# packages find their need fulfilled instead of pulling CUDA in.
define environment
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "medloop needs Python 3.11 or later; set PYTHON=…"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q $$(grep '^torch==' requirements/laptop.txt)
	$(BIN)/pip install -q -r $(1)
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
endef

$(VENV)/.laptop: requirements/laptop.txt pyproject.toml
	$(call environment,requirements/laptop.txt)
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.laptop
	$(call environment,requirements/dev.txt)
	@touch $@

# The SAM CLI pins another botocore than the laptop cloud does.
$(SAM): requirements/sam.txt
	@test -x .venv-sam/bin/python || $(PYTHON) -m venv .venv-sam
	.venv-sam/bin/pip install -q -r requirements/sam.txt
	@touch $@

lock: $(VENV)/.dev  ## Pin every dependency anew, from pyproject.toml
	@compile() { $(BIN)/uv pip compile -q --no-header --no-annotate --no-emit-index-url "$$@"; }; \
	 compile --python-version 3.12 pyproject.toml -o requirements/lambda.txt; \
	 compile --python-version 3.12 --extra results pyproject.toml -o requirements/results.txt; \
	 sed -i -E '/^(imagecodecs|tifffile)==/d' requirements/results.txt; \
	 grep -vE '^(imagecodecs|nibabel|numpy|packaging|pillow|tifffile)==' requirements/lambda.txt > requirements/api.txt; \
	 without() { sed -i -E '/^(nvidia-|triton|cuda-)/d' "$$1"; }; \
	 compile --python-version 3.11 --extra local pyproject.toml -o requirements/laptop.txt; \
	 compile --python-version 3.11 --extra dev pyproject.toml -o requirements/dev.txt; \
	 compile --python-version 3.11 --extra local --extra remote pyproject.toml -o requirements/remote.txt; \
	 for name in laptop dev remote; do without requirements/$$name.txt; done; \
	 echo aws-sam-cli==1.170.0 | compile --python-version 3.11 - -o requirements/sam.txt

# ── Lambda artefacts: `sam build` calls build-<LogicalId> with ARTIFACTS_DIR set ────────────────────────

LAMBDA_PYTHON   ?= 3.12
# Amazon Linux 2023, on which this Python runs, has glibc 2.34.
LAMBDA_PLATFORM ?= x86_64-manylinux_2_28
LAMBDA_CODE     := functions events medloop
UV              ?= $(if $(wildcard $(BIN)/uv),$(BIN)/uv,uv)
packages         = .medloop/packages/$(LAMBDA_PYTHON)-$(LAMBDA_PLATFORM)-$(shell cksum < requirements/$(1).txt | cut -d' ' -f1)
PACKAGES        := $(call packages,lambda)
RESULTS         := $(call packages,results)
API             := $(call packages,api)

# The functions hold our own code alone and share one layer of packages: `sam deploy` zips each artefact,
# and fifteen copies of the packages would take minutes.
build-%:
	@cp -r $(LAMBDA_CODE) "$(ARTIFACTS_DIR)"
	@cd "$(ARTIFACTS_DIR)/medloop" && rm -rf cli handover inspection pacs reidentify selftest workbench
	@find "$(ARTIFACTS_DIR)" -name __pycache__ -prune -exec rm -rf {} +

# Linked where they can be: they are 210 MB. The artefacts may lie in another file system.
define layer
	@rm -rf "$(ARTIFACTS_DIR)/python"
	@cp -al $(1) "$(ARTIFACTS_DIR)/python" 2>/dev/null || \
	  { rm -rf "$(ARTIFACTS_DIR)/python" && cp -R $(1) "$(ARTIFACTS_DIR)/python"; }
endef

build-PackagesLayer: $(PACKAGES)
	$(call layer,$(PACKAGES))

build-ResultsLayer: $(RESULTS)
	$(call layer,$(RESULTS))

build-ApiLayer: $(API)
	$(call layer,$(API))

# Made aside, under a name of its own: two builds may run at a time.
define collect
	@aside=$@.$$$$ && mkdir -p $$aside && \
	$(UV) pip install -q --python-version $(LAMBDA_PYTHON) --python-platform $(LAMBDA_PLATFORM) \
	  --only-binary :all: --link-mode copy --target $$aside -r requirements/$(1).txt && \
	find $$aside -type d -name tests -prune -exec rm -rf {} + && \
	rm -rf $$aside/bin && if [ -e $@ ]; then rm -rf $$aside; else mv $$aside $@; fi
endef

$(PACKAGES):
	$(call collect,lambda)

$(RESULTS):
	$(call collect,results)

$(API):
	$(call collect,api)
