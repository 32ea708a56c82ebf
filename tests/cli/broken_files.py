"""Makes broken files, gives each to `dosi add --dry-run`, and checks what it says of them.

Each case: exit other than 0 with a message that names the file and what or where (a pattern), or
exit 0 with rejected rows listed. In a build without sanitizers also: at most 5 s and 500 MB.
Usage: broken_files.py PROGRAM FOLDER
"""
import gzip
import io
import json
import os
import pathlib
import re
import resource
import shutil
import struct
import subprocess
import sys
import time
import zipfile

PROGRAM, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
SANITIZED = b"libasan" in subprocess.run(["ldd", PROGRAM], capture_output=True).stdout
MOST_S, MOST_BYTES = 5, 500 << 20
CASES = []  # (file, options, pattern)


def case(name, content, pattern, *options):
    """A file with this content, and what must be said of it."""
    path = FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    CASES.append((path, list(options), pattern))
    return path


def feature(geometry, **properties):
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def features(*members):
    return json.dumps({"type": "FeatureCollection", "features": list(members)})


def point(x, y):
    return {"type": "Point", "coordinates": [x, y]}


def ogr2ogr(source, target, *options):
    subprocess.run(["ogr2ogr", *options, str(target), str(source)], check=True, capture_output=True)


def text_cases():
    rows = "".join(f"2020-02-01 {h:02d}:00,{h}\n" for h in range(1, 24))
    case("empty.csv", b"", "empty.csv: empty")
    case("bom_only.csv", b"\xef\xbb\xbf", "bom_only.csv")
    case("header_only.csv", "time,value\n", "header_only.csv")
    case("quote.csv", 'a,b\n1,"open\n' + "2,3\n" * 50000, r"quote.csv: .*quot|[1-9] rejected(.|\n)*quot")
    case("nul.csv", b"a,b\n1,2\n3,\0\0\n" * 10, r"nul.csv: |NUL|rejected")
    case("binary.csv", bytes(range(256)) * 64, "binary.csv: ")
    case("columns.csv", ",".join(f"c{i}" for i in range(1000000)) + "\n" + ",".join("1" * 1000000) + "\n",
         r"columns.csv: .*(1,?000,?000|10,?000)")
    case("ragged.csv", "a,b,c\n1,2,3\n4,5\n6,7,8,9\n1,2,3\n", r"[12] rejected")
    case("year.csv", "day,v\n" + "2020-01-01,1\n" * 20 + "20202-01-01,2\n", r"1 rejected(.|\n)*20202")
    case("number.csv", "v\n" + "1.5\n" * 20 + "1e999\n", r"1 rejected(.|\n)*1e999")
    case("cell.csv", "a,b\n1," + "x" * (2 << 20) + "\n1,2\n", r"cell.csv: |1 rejected")
    case("encoding.csv", "이름,값\n서울,1\n".encode("cp949") + b"\xff\xfe\xfa\xc1\n" * 3,
         r"encoding.csv: |[1-9] rejected")
    case("told_encoding.csv", "이름,값\n서울,1\n".encode("cp949"), r"told_encoding.csv: |[1-9] rejected",
         "--encoding", "utf-8")
    case("utf16_cut.csv", "이름,값\n서울,1\n".encode("utf-16")[:-1], r"utf16_cut.csv: |[1-9] rejected")
    case("surrogate.csv", b"\xff\xfe" + "a,b\n1,".encode("utf-16le") + b"\x00\xd8" + "\n".encode("utf-16le"),
         r"surrogate.csv: |[1-9] rejected")
    case("image.csv", b"\x89PNG\r\n\x1a\n" + os.urandom(1000), "image.csv: ")
    case("hours.csv", "time,value\n" + rows + "2020-02-01 25:00,1\n", r"1 rejected(.|\n)*25:00")


def json_cases():
    nested = '{"a":' * 10000 + "1" + "}" * 10000
    case("deep.json", "[" * 10000 + "]" * 10000, "deep.json: ")
    case("deep.geojson", '{"type":"FeatureCollection","features":[' + nested + "]}", "deep.geojson: ")
    case("cut.json", json.dumps([{"a": i} for i in range(1000)])[:-5000], "cut.json: ")
    case("surrogate.json", b'[{"a":"\\ud800"},{"a":"x"}]', r"surrogate.json: |[1-9] rejected")
    case("scalar.json", "3", "scalar.json: ")
    case("code.json", '{"RESULT":{"CODE":"INFO-100","MESSAGE":"\\uc778\\uc99d\\ud0a4"}}', "code.json: ")


def zipped(*members, method=zipfile.ZIP_DEFLATED):
    """The bytes of an archive of (name, content) members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def packed_cases():
    plain = zipped(("a.csv", "a,b\n" + "1,2\n" * 1000))
    case("bomb.zip", zipped(("a.csv", b"0,\n" * (30 << 20))), "bomb.zip: .*bomb")
    case("cut.zip", plain[:-30], "cut.zip: ")
    case("wrong_byte.zip", plain[:50] + bytes([plain[50] ^ 255]) + plain[51:], "wrong_byte.zip: ")
    case("nested.zip", zipped(("inner.zip", plain)), "nested.zip: inner.zip.*archive")
    case("several.zip", zipped(("a.csv", "a\n1\n"), ("b.csv", "a\n1\n")),
         "several.zip: .*--member: a.csv, b.csv")
    locked = bytearray(plain)
    for magic, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        locked[plain.index(magic) + at] |= 1
    case("locked.zip", bytes(locked), "locked.zip: .*encrypted")
    case("cut.xlsx", plain[:60], "cut.xlsx: ")
    case("other.xlsx", plain, "other.xlsx: ")
    frame = b"X\n" + struct.pack(">iiii", 2, 0x30000, 0x20300, 14) + struct.pack(">i", 1 << 27)
    case("cut.rds", gzip.compress(frame + os.urandom(100000))[:-20], "cut.rds: .*after")
    case("bomb.rds", gzip.compress(frame + b"\0" * (64 << 20)), "bomb.rds: .*bomb")
    case("number.rds", gzip.compress(b"X\n" + struct.pack(">iiiii", 2, 0, 0, 13, 1) + b"\0\0\0\1"),
         "number.rds: .*no data frame")
    case("text.rds", "not R", "text.rds: not R data")
    case("cut.parquet", b"PAR1" + b"\0" * 1000, "cut.parquet: ")
    case("text.parquet", "a,b\n1,2\n", "text.parquet: not Parquet")


def layer_cases(square):
    good = FOLDER / "good.geojson"
    good.write_text(features(*(feature(square, i=i, name="이름") for i in range(300))))
    one = FOLDER / "one.geojson"
    one.write_text(features(feature(square, i=1, name="이름")))
    ogr2ogr(one, FOLDER / "one.shp", "-f", "ESRI Shapefile")
    for name in ("cut_shp", "no_shx", "no_dbf", "cut_dbf", "no_prj", "other_dbf"):
        (FOLDER / name).mkdir()
        ogr2ogr(good, FOLDER / name / "a.shp", "-f", "ESRI Shapefile")
    for name, suffix in (("cut_shp", "shp"), ("cut_dbf", "dbf")):
        path = FOLDER / name / f"a.{suffix}"
        path.write_bytes(path.read_bytes()[:-1000])
    for name, suffix in (("no_shx", "shx"), ("no_dbf", "dbf"), ("no_prj", "prj")):
        (FOLDER / name / f"a.{suffix}").unlink()
    shutil.copy(FOLDER / "one.dbf", FOLDER / "other_dbf/a.dbf")
    case("cut_shp/a.shp", None, "a.shp: cut off: its head says")
    case("cut_dbf/a.shp", None, "a.dbf: cut off: 300 rows")
    case("no_shx/a.shp", None, "a.shp: the .shx beside it is absent")
    case("no_dbf/a.shp", None, "a.shp: the .dbf beside it is absent")
    case("no_prj/a.shp", None, "a.shp: no coordinate system")
    case("other_dbf/a.shp", None, "a.dbf: 1 rows, but the .shx has 300")
    case("text.shp", "a,b\n1,2\n", "text.shp: not a shapefile")
    ogr2ogr(good, FOLDER / "cut.gpkg", "-f", "GPKG")
    package = (FOLDER / "cut.gpkg").read_bytes()
    case("cut.gpkg", package[: len(package) // 2], "cut.gpkg: ")
    case("cut.geojson", good.read_bytes()[:-4000], "cut.geojson: no JSON: line 1, column")
    case("crs.geojson", good.read_bytes(), "no coordinate system is called", "--crs", "EPSG:1")


def shape_cases():
    square = {"type": "Polygon", "coordinates": [[[127, 37], [128, 37], [128, 38], [127, 37]]]}
    bow = {"type": "Polygon", "coordinates": [[[127, 37], [128, 38], [127, 38], [128, 37], [127, 37]]]}
    line = {"type": "Polygon", "coordinates": [[[127, 37], [128, 38], [127, 37], [127, 37]]]}
    layer_cases(square)
    case("bow_tie.geojson", features(feature(bow)), "mended: 1; the first: row 1: Self-inter")
    case("no_area.geojson", features(feature(line), feature(square)), "1 rejected")
    case("nan.geojson", features(feature(point(127, float("nan"))), feature(point(127, 37))),
         r"nan.geojson: |1 rejected")
    case("huge.geojson", features(feature(point(1e300, 1)), feature(point(127, 37))), "1 rejected")
    case("swapped.geojson", features(feature(point(37.5, 127)), feature(point(37.6, 127))),
         "swapped.geojson: .*swapped.*--crs")
    case("metres.geojson", features(feature(point(953000, 1950000))), "metres.geojson: .*--crs")


def place_cases():
    (FOLDER / "folder").mkdir()
    case("folder", None, "folder: a folder")
    os.mkfifo(FOLDER / "fifo.csv")
    case("fifo.csv", None, "fifo.csv: no file, but a pipe")
    case("absent.csv", None, "absent.csv: no such file")
    (FOLDER / "zero").symlink_to("/dev/zero")
    case("zero", None, "zero: no file, but a pipe")
    if os.geteuid() != 0:
        case("unreadable.csv", "a\n1\n", "unreadable.csv: ").chmod(0)
    case("data.xyz", os.urandom(5000), "data.xyz: ")
    case("table.geojson", "a,b\n1,2\n", "table.geojson: ")


def run(path, options):
    """Runs one case: what it said, its exit code, seconds."""
    began = time.monotonic()
    child = subprocess.Popen([PROGRAM, "add", str(path), "--dry-run", *options], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    try:
        said, _ = child.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        child.kill()
        said = child.communicate()[0] + b"\nDID NOT END IN 60 S"
    return said.decode(errors="replace"), child.returncode, time.monotonic() - began


def judge(path, options, pattern):
    """Why a case is wrong; None when it is right."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    said, code, seconds = run(path, options)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    what = str(path.relative_to(FOLDER))
    last = said.strip().splitlines()[-1][:110] if said.strip() else ""
    print(f"{what:20} exit {code:3} {seconds:6.2f} s {peak >> 10:5} MB at most so far | {last}")
    if code < 0 or code > 125 or "Sanitizer" in said or "DID NOT END" in said:
        return f"{what}: crashed or hung ({code}): {said[-2000:]}"
    if not re.search(pattern, said):
        return f"{what}: nothing like /{pattern}/ in: {said[-1500:]}"
    if code == 0 and not re.search(r"[1-9][\d,]* rejected|mended", said):
        return f"{what}: taken without a word: {said[-1500:]}"
    if not SANITIZED and seconds > MOST_S:
        return f"{what}: {seconds:.1f} s"
    if not SANITIZED and peak * 1024 > MOST_BYTES and peak > before:
        return f"{what}: {peak >> 10} MB"
    return None


def main():
    for make in (text_cases, json_cases, packed_cases, shape_cases, place_cases):
        make()
    wrong = [fault for one in CASES if (fault := judge(*one))]
    print(f"{len(CASES)} broken files, {len(wrong)} wrong")
    for fault in wrong:
        print("WRONG", fault)
    return 1 if wrong or len(CASES) < 30 else 0


sys.exit(main())
