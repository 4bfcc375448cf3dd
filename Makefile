# The one door to every build. `make help` lists what it can do.
.DEFAULT_GOAL := help
.PHONY: help demo test arm64 windows wasm web bench bench-native bench-peers bench-web train report lint format asan tsan clean native-masks web-build
.PHONY: web-if-possible deb deb-test soak fuzz strict check

# Half a gigabyte of memory for each compiler at most; all cores.
JOBS ?= $(shell nproc)
DATA ?= data
SHARED ?= ../shared
RECIPE ?= models/recipes/own-photos.toml
RUN ?= build/train/run

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 16

demo: ## put the person of a sample clip before another room: build/demo/demo.mp4 and contact_sheet.png
	@tools/install-packages.sh demo
	@mkdir -p build && cmake --preset demo -Wno-dev >build/demo.log 2>&1 || { cat build/demo.log; exit 1; }
	@cmake --build --preset demo -j $(JOBS) --target scrim
	@tools/demo.sh build/demo/apps/scrim/scrim build/demo

test: web-if-possible ## build everything, the trainer too, and run all tests (also in a browser, where there is one)
	@tools/install-packages.sh test
	cmake --preset test -Wno-dev -DSCRIM_SHARED=$(abspath $(SHARED))
	cmake --build --preset test -j $(JOBS)
	ctest --preset test -j $(JOBS)

soak: ## hours of a call in half an hour: 200,000 frames, the camera lost every 1800; then ten minutes of a monkey
	@tools/install-packages.sh test
	cmake --preset release -Wno-dev
	cmake --build --preset release -j $(JOBS) --target scrim soak_test monkey_test
	ctest --test-dir build/release -C Soak -L soak --verbose

asan: ## all tests but the trainer's under the address and undefined-behaviour sanitizers
	@tools/install-packages.sh test sanitize
	cmake --preset asan -Wno-dev
	cmake --build --preset asan -j $(JOBS)
	ctest --preset asan -j $(JOBS)

# Seconds for each target of `make fuzz`.
SECONDS ?= 60
fuzz: ## SECONDS of fuzzing for each reader of other people's bytes; what fails is kept in build/fuzz/found
	@tools/install-packages.sh test sanitize
	cmake --preset fuzz -Wno-dev
	cmake --build --preset fuzz -j $(JOBS)
	fuzz/run.sh build/fuzz $(SECONDS)

tsan: ## the same under the thread sanitizer
	@tools/install-packages.sh test sanitize
	cmake --preset tsan -Wno-dev
	cmake --build --preset tsan -j $(JOBS)
	ctest --preset tsan -j $(JOBS)

native-masks:
	cmake --preset native -Wno-dev
	cmake --build --preset native -j $(JOBS) --target mask_of
	for model in default default.int8; do \
	  build/native/tests/mask_of models/$$model.scrim testdata/pixels/000000537991.ppm build/native/$$model.f32 || exit; \
	done

arm64: ## cross-compile the library and its tests for ARM64 Linux and run them under qemu
	@tools/install-packages.sh arm64
	$(MAKE) native-masks
	cmake --preset arm64 -Wno-dev
	cmake --build --preset arm64 -j $(JOBS)
	ctest --preset arm64 -j $(JOBS)

windows: ## cross-compile the library and its tests for 64-bit Windows and run them under wine
	@tools/install-packages.sh windows
	$(MAKE) native-masks
	cmake --preset windows -Wno-dev
	cmake --build --preset windows -j $(JOBS)
	ctest --preset windows

wasm: ## compile the module bindings/wasm for browsers, and run it and all tests of the library in node
	@tools/install-packages.sh wasm
	$(MAKE) native-masks
	cmake --preset wasm -Wno-dev
	cmake --build --preset wasm -j $(JOBS)
	ctest --preset wasm -j $(JOBS)

web-build: ## build the npm package, web/package/dist, and the page
	@tools/install-packages.sh wasm web
	@command -v npm >/dev/null || tools/install-packages.sh npm
	cmake --preset wasm -Wno-dev
	cmake --build --preset wasm -j $(JOBS) --target scrim_module
	cmake --preset wasm-threads -Wno-dev
	cmake --build --preset wasm-threads -j $(JOBS) --target scrim_module
	cd web && npm ci --ignore-scripts --no-audit --no-fund && npm run build --workspaces

# The browser's tests are part of `make test` where emscripten, npm and chromium are there. Elsewhere they skip themselves, saying
# so: these three take a gigabyte, and building the module twice some minutes. SCRIM_BROWSER_TESTS=1 installs them.
web-if-possible:
	@if [ -n "$$SCRIM_BROWSER_TESTS" ]; then \
	  tools/install-packages.sh wasm web engines && { command -v npm >/dev/null || tools/install-packages.sh npm; } && $(MAKE) web-build; \
	elif command -v emcc >/dev/null && command -v npm >/dev/null && command -v chromium >/dev/null; then \
	  $(MAKE) web-build; \
	else \
	  echo "no tests in the browser: emscripten, npm and chromium are not all here (SCRIM_BROWSER_TESTS=1 installs them)"; \
	fi

web: web-build ## build the npm package and the page, and serve the page at http://localhost:8000
	cd web/page && npx vite preview

bench: ## time the network, every kernel and every stage of the frame path
	@tools/install-packages.sh demo bench
	cmake --preset bench -Wno-dev
	cmake --build --preset bench -j $(JOBS)
	build/bench/apps/scrim/scrim bench --steps
	build/bench/src/nn/nn_bench --benchmark_min_time=0.2
	build/bench/src/retouch/retouch_bench --benchmark_min_time=0.2

bench-native: ## time scrim's models and its frame path; rewrites docs/benchmarks/native.json
	@tools/install-packages.sh demo bench
	cmake --preset bench -Wno-dev
	cmake --build --preset bench -j $(JOBS) --target scrim
	node bench/native.mjs build/bench

bench-peers: ## time the same networks in other runtimes, which it installs with npm; rewrites docs/benchmarks/peers.json
	@tools/install-packages.sh demo bench wasm peers
	@command -v npm >/dev/null || tools/install-packages.sh npm
	npm ci --prefix bench/peers --ignore-scripts --no-audit --no-fund
	cmake --preset bench -Wno-dev
	cmake --build --preset bench -j $(JOBS) --target scrim run_native write_tflite
	cmake --preset wasm -Wno-dev
	cmake --build --preset wasm -j $(JOBS) --target scrim_module
	bench/peers/run.sh build/bench build/wasm/bindings/wasm/scrim.mjs $(abspath $(SHARED))

bench-web: web-build ## time scrim and MediaPipe in one browser; rewrites docs/benchmarks/web.json
	cd web/bench && npm ci --ignore-scripts --no-audit --no-fund
	node web/bench/bench.mjs

deb: ## Debian packages of library, headers, models, program and GStreamer plugin: build/deb/packages
	@tools/install-packages.sh demo deb
	cmake --preset deb -Wno-dev
	cmake --build --preset deb -j $(JOBS)
	rm -rf build/deb/packages && cpack --config build/deb/CPackConfig.cmake -B build/deb/packages
	@rm -rf build/deb/packages/_CPack_Packages && ls build/deb/packages

deb-test: deb ## install them in a new minimal Debian 12, use and remove them; needs root
	packaging/clean_root.sh build/deb/packages

train: ## make the model of RECIPE from the folders of photos in DATA, going on where it stopped; see docs/train/your-photos.md
	@tools/install-packages.sh train
	cmake --preset train -Wno-dev
	cmake --build --preset train -j $(JOBS) --target scrim-train
	OMP_NUM_THREADS=1 build/train/train/scrim-train run --recipe $(RECIPE) --data $(DATA) --output $(RUN)

report: ## make docs/report anew: quality, predecessors, density, times; with the research data where SHARED has it
	@tools/install-packages.sh demo report
	cmake --preset demo -Wno-dev
	cmake --build --preset demo -j $(JOBS) --target scrim scrim-report talking_heads
	build/demo/apps/report/scrim-report --scrim build/demo/apps/scrim/scrim --talking-heads build/demo/apps/report/talking_heads \
	  --shared $(SHARED)

strict: ## compile everything, tests and trainer too, with all warnings as errors
	@tools/install-packages.sh test train
	cmake --preset strict -Wno-dev
	cmake --build --preset strict -j $(JOBS)

check: test strict lint asan tsan arm64 wasm ## everything that has to pass before a release; hours on two cores

lint: ## formatting, and clang-tidy over the core; SINCE=COMMIT: of what changed since then
	@tools/install-packages.sh demo test lint
	cmake --preset dev -Wno-dev >/dev/null
	ninja -C build/dev generated/graph/model_generated.h >/dev/null
	tools/lint.sh build/dev $(SINCE)

format: ## format all sources
	@tools/install-packages.sh lint
	git ls-files '*.cc' '*.h' '*.hpp' '*.c' | xargs clang-format -i

clean: ## remove all build folders
	rm -rf build
