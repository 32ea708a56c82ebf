# The front door. `make run` and `make test` are all that a newcomer needs; CMake does the work.
PORT ?= 8420
LAB ?= lab
DATA ?=

.PHONY: run test build web install clean format

run: build web
	@tools/run "$(LAB)" "$(PORT)" "$(DATA)"

test: build web
	@tools/test release

build: install
	@tools/quietly "building dosi" sh -c 'cmake --preset release && cmake --build --preset release'
	@ln -sfn release/dosi build/dosi && ln -sfn release/libduckdb.so build/libduckdb.so

web: install
	@tools/build_web

install:
	@tools/install

format:
	@find include src tests bench -name '*.[ch]' -exec clang-format-14 -i {} +

clean:
	rm -rf build web/dist test-output
