#!/usr/bin/env bash
# Unpacks the zips that the profile dist has made, checks their contents and tries the programs in an empty home folder.
# A package for another platform is not run.
# usage: dist/check.sh VERSION PLATFORM
set -euo pipefail
cd "$(dirname "$0")/target"
version=$1
platform=$2
name=resdensenet-$version
folder=$(mktemp -d)
trap 'rm -rf "$folder" || true' EXIT

complain() {
  echo "$zip: $1" >&2
  exit 1
}

# Java takes its home folder from the system, not from HOME.
export HOME="$folder/home"
RESDENSENET_JAVA_OPTS="-Duser.home=$(cygpath -m "$HOME" 2>/dev/null || echo "$HOME")"
export RESDENSENET_JAVA_OPTS
unset RESDENSENET_CACHE
case $(uname -s) in
  Linux) here=linux-x86_64 ;;
  Darwin) here=macosx-arm64 ;;
  *) here=windows-x86_64 ;;
esac

# The median time of five runs of a command, in seconds.
median() {
  local TIMEFORMAT=%R
  for _ in 1 2 3 4 5; do
    { time "$@" >/dev/null 2>&1; } 2>&1
  done | sort -n | sed -n 3p
}

check_contents() {
  for file in LICENSE NOTICE CHANGELOG.md README.md sbom.json completion.bash man/man1/resdensenet-train.1 \
    configs/default.yaml licenses/README.txt licenses/THIRD-PARTY.txt licenses/pytorch.txt; do
    [ -s "$home/$file" ] || complain "$file is missing or empty"
  done
  grep -q '"bomFormat" *: *"CycloneDX"' "$home/sbom.json" || complain "sbom.json is not in CycloneDX format"
  # Each library has a folder of texts, or stands in the table of licenses/README.txt, and is in the list of components.
  for jar in "$home"/lib/*.jar; do
    library=$(basename "$jar" .jar | sed 's/-[0-9][0-9.]*.*$//')
    case $library in resdensenet-*) continue ;; esac
    ls -d "$home/licenses/$library"-[0-9]*-jar >/dev/null 2>&1 \
      || awk 'NF { print $1 }' "$home/licenses/README.txt" | while read -r start; do
        case $library in "$start"*) echo found ;; esac
      done | grep found >/dev/null || complain "no licence of $library"
    grep -q "\"name\" *: *\"$library\"" "$home/sbom.json" || complain "$library is not in sbom.json"
  done
  # The list of components has the digest of each library as it is in the package.
  if command -v python3 >/dev/null; then
    python3 - "$home" <<'PYTHON' || complain "the digests in sbom.json are not those of the libraries"
import hashlib, json, pathlib, sys
home = pathlib.Path(sys.argv[1])
listed = {h["content"] for c in json.load(open(home / "sbom.json", encoding="utf-8"))["components"]
          for h in c.get("hashes", []) if h["alg"] == "SHA-256"}
wrong = [f.name for f in sorted(home.glob("lib/*.jar")) if not f.name.startswith(("resdensenet-", "onnxruntime-"))
         and hashlib.sha256(f.read_bytes()).hexdigest() not in listed]
print(*wrong, sep="\n", end="", file=sys.stderr)
sys.exit(bool(wrong))
PYTHON
  fi
}

check_program() {
  rm -rf "$HOME"
  mkdir "$HOME"
  commands=$("$program" --help | sed -n 's/^  \([a-z]\{1,\}\)  .*/\1/p')
  [ -n "$commands" ] || complain "--help lists no commands"
  for command in $commands; do
    [ -s "$home/man/man1/resdensenet-$command.1" ] || complain "no manual page of $command"
  done
  "$program" --version | grep -F "$version" >/dev/null || complain "--version does not print $version"
  "$program" doctor --check || complain "doctor --check failed"
  "$program" train --epochs 1 --image-size 32 --out "$folder/run" >/dev/null 2>&1 || complain "train failed"
  picture=$(find "$HOME" -name '*.png' | sed -n 1p)
  [ -s "$folder/run/report.html" ] && [ -n "$picture" ] || complain "train wrote no report or unpacked no images"
  for _ in $(seq 60); do # until the class archive is written
    [ "$here" != windows-x86_64 ] || break
    ls "$HOME"/.cache/resdensenet/classes-*.jsa.key >/dev/null 2>&1 && break
    sleep 1
  done
  [ "$here" = windows-x86_64 ] || ls "$HOME"/.cache/resdensenet/classes-*.jsa.key >/dev/null 2>&1 \
    || complain "no archive of classes was written"
  "$program" predict "$folder/run" "$picture" >/dev/null || complain "predict failed"
  help_time=$(median "$program" --help)
  predict_time=$(median "$program" predict "$folder/run" "$picture")
  rm -rf "$folder/run"
  echo "$zip: --help takes $help_time s, predict of one image $predict_time s (medians of 5)"
}

for zip in "$name-$platform.zip" "$name-$platform-runtime.zip"; do
  if [ ! -f "$zip" ] && [ "$platform" != "$here" ] && [ "${zip%-runtime.zip}" != "$zip" ]; then
    continue # a runtime can be made only on its own platform
  fi
  rm -rf "${folder:?}/$name"
  unzip -q "$zip" -d "$folder"
  home=$folder/$name
  check_contents
  size=$(wc -c <"$zip" | tr -d ' ')
  [ "$zip" != "$name-linux-x86_64.zip" ] || [ "$size" -le 220000000 ] || complain "$size bytes, more than 220,000,000"
  program=$home/bin/resdensenet
  [ "$here" != windows-x86_64 ] || program=$program.cmd
  if [ "$platform" = "$here" ]; then
    check_program
  fi
  echo "$zip: $size bytes, checked"
done
