#!/usr/bin/env python3
"""Counts tests: of a ctest JUnit file or a node test log, or the sum of such counts.

A run that left no result counts as one failure, so that nothing can pass by not running.
"""
import pathlib
import re
import sys
import xml.etree.ElementTree as tree


def of_junit(path):
    suite = tree.parse(path).getroot()
    total, failed = int(suite.get("tests")), int(suite.get("failures"))
    skipped = int(suite.get("skipped", 0)) + int(suite.get("disabled", 0))
    return total - failed - skipped, failed, skipped


def of_node_log(path):
    text = pathlib.Path(path).read_text(errors="replace")
    found = {"pass": [], "fail": [], "cancelled": [], "skipped": []}
    for what, count in re.findall(r"^(?:# |\u2139 )(pass|fail|cancelled|skipped) (\d+)$", text, re.M):
        found[what].append(int(count))
    # Each file of tests ends with a count of its own; one that began and did not end has failed.
    files = len(re.findall(r"^TAP version ", text, re.M))
    unended = max(files, 1) - len(found["pass"])
    return sum(found["pass"]), sum(found["fail"] + found["cancelled"]) + max(unended, 0), sum(found["skipped"])


def main():
    if sys.argv[1] == "--sum":
        rows = [line.split("\t") for line in pathlib.Path(sys.argv[2]).read_text().splitlines()]
        for name, passed, failed, skipped in rows:
            print(f"{name}: {passed} passed, {failed} failed, {skipped} skipped")
        passed, failed, skipped = (sum(int(row[i]) for row in rows) for i in (1, 2, 3))
        print(f"{passed} passed, {failed} failed, {skipped} skipped")
        return 1 if failed or not passed else 0
    try:
        counts = of_junit(sys.argv[1]) if sys.argv[1].endswith(".xml") else of_node_log(sys.argv[1])
    except (OSError, tree.ParseError):
        counts = (0, 1, 0)
    print("\t".join([sys.argv[2], *map(str, counts)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
