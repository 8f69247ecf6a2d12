"""Compares the decoded pixels of all image files below some folders with Pillow's, file by file.

usage: python bench/images.py FOLDER... [--list CLASS]     needs Pillow and ./mvnw -q -ntp -DskipTests package

Prints a table of classes: the format and mode that Pillow reports, and how many files are equal, differ, are read by one
side only, or by none. --list prints the files of one outcome (equal, different, only-here, only-pillow, none, crashed).
"""
import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import warnings
from collections import Counter, defaultdict
from pathlib import Path

import PIL
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
SUFFIXES = set("jpg jpeg jpe jfif png gif bmp dib tif tiff webp ppm pgm pbm pnm pam".split())
OUTCOMES = ["equal", "different", "only-here", "only-pillow", "none", "crashed"]

parser = argparse.ArgumentParser()
parser.add_argument("folders", nargs="+")
parser.add_argument("--list", action="append", default=[])
options = parser.parse_args()
warnings.simplefilter("ignore")


def pillow(path):
    kind = "unknown"
    try:
        with Image.open(path) as image:
            kind = f"{image.format} {image.mode}"
            if image.mode.startswith("I;16") or image.mode in ("I", "F"):
                kind += " *"
            rgb = image.convert("RGB")
            return kind, "read", f"{rgb.width}x{rgb.height}", hashlib.sha256(rgb.tobytes()).hexdigest()
    except Exception as e:  # Pillow raises many types
        return kind, "rejected", "1", f"{type(e).__name__}: {e}"


files = sorted(os.path.join(d, f) for folder in options.folders for d, _, names in os.walk(folder) for f in names
               if f.rsplit(".", 1)[-1].lower() in SUFFIXES and "\n" not in f and "\t" not in f)
with tempfile.NamedTemporaryFile("w", suffix=".txt") as listing:
    listing.write("\n".join(files))
    listing.flush()
    jars = os.pathsep.join(map(str, [ROOT / "bench/target/classes", *sorted(ROOT.glob("cli/target/lib/*.jar"))]))
    ours = subprocess.run(["java", "-Xmx3g", "-cp", jars, "io.github.resdensenet.bench.DecodedPixels", listing.name],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout
table, slowest = defaultdict(Counter), (0, "")
for line in ours.splitlines():
    name, millis, outcome, size, detail = line.split("\t", 4)
    slowest = max(slowest, (int(millis), name))
    kind, their_outcome, their_size, their_detail = pillow(name)
    if outcome == "crashed":
        result = "crashed"
    elif outcome == "read" and their_outcome == "read":
        result = "equal" if (size, detail) == (their_size, their_detail) else "different"
    else:
        result = "only-here" if outcome == "read" else "only-pillow" if their_outcome == "read" else "none"
    table[kind][result] += 1
    if result in options.list:
        print(result, kind, name, size, detail, their_size, their_detail if their_outcome == "rejected" else "", sep="\t")
print(f"Pillow {PIL.__version__}, {len(files)} files; slowest {slowest[0]} ms {slowest[1]}", file=sys.stderr)
print("| Pillow's format and mode | " + " | ".join(OUTCOMES) + " |")
print("| --- |" + " ---: |" * len(OUTCOMES))
for kind in sorted(table):
    print(f"| {kind} | " + " | ".join(str(table[kind][o] or "") for o in OUTCOMES) + " |")
total = sum(table.values(), Counter())
print("| all | " + " | ".join(str(total[o] or "") for o in OUTCOMES) + " |")
