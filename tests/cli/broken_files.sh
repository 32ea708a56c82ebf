# Goal: no broken file crashes or hangs the program, or is taken without a word: each gets an
# error that names what and where, or its bad rows are listed; fast, and in little memory.
command -v python3 >/dev/null || skip "needs python3"
command -v ogr2ogr >/dev/null || skip "needs ogr2ogr"
mkdir "$WORK/files"
python3 "$ROOT/tests/cli/broken_files.py" "$DOSI" "$WORK/files" || fail "see above"
