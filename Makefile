# The front door. `make help` lists what there is; the work is done in tools/ and by CMake.

PORT ?= 6379
DATA ?= ./satchel-data
PRESET ?= dev
TIMES ?= 10
JOBS ?= $(shell nproc)
export JOBS

CTEST = ctest --test-dir build/$(PRESET) -j $(JOBS) --output-on-failure --no-tests=error

.PHONY: help run build test bench soak lint format install dist clean
.DEFAULT_GOAL := help

help:
	@echo "make run [PORT=6379] [DATA=./satchel-data]   build what is needed, serve in standalone mode"
	@echo "make build          the release binary: build/release/satchel"
	@echo "make test           everything that is tested [PRESET=dev, asan, tsan, tiny]"
	@echo "make test-NAME      the tests whose name or label is NAME: test-oracle, test-base"
	@echo "make bench          compare with redis-server; writes docs/bench.md"
	@echo "make soak           the whole suite again and again [TIMES=10]"
	@echo "make lint           formatting, headers, include arrows, scripts"
	@echo "make format         format the C++ files"
	@echo "make install        headers, libraries and binary [PREFIX=/usr/local]"
	@echo "make dist           the sources as a tarball in dist/"
	@echo "make clean          remove build/ and dist/"
	@echo "Missing Debian packages are installed first (as root, or with sudo); see tools/packages.txt."

run: build
	exec build/release/satchel serve --port $(PORT) --data-dir $(DATA)

build:
	@tools/setup.sh build
	@tools/build.sh release

test:
	@tools/setup.sh build test
	@tools/build.sh $(PRESET)
	@$(CTEST)

test-%:
	@tools/setup.sh build test
	@tools/build.sh $(PRESET)
	@if ctest --test-dir build/$(PRESET) -N -L '^$*$$' | grep -q '^Total Tests: 0$$'; \
	then $(CTEST) -R '^$*'; else $(CTEST) -L '^$*$$'; fi

bench:
	@tools/setup.sh build bench
	@tools/build.sh release
	@bench/run.sh

soak:
	@tools/setup.sh build test
	@tools/build.sh $(PRESET)
	@$(CTEST) --repeat until-fail:$(TIMES)

lint:
	@tools/setup.sh build test lint
	@tools/lint.sh

format:
	@tools/setup.sh lint
	@tools/format.sh

install: build
	cmake --install build/release $(if $(PREFIX),--prefix $(PREFIX))

dist:
	@tools/dist.sh

clean:
	rm -rf build dist
