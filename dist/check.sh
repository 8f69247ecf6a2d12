#!/bin/sh
# Unpacks the zips that the profile dist has made, checks their contents and runs the programs.
# usage: dist/check.sh VERSION PLATFORM
set -eu
cd "$(dirname "$0")/target"
name=resdensenet-$1
folder=$(mktemp -d)
trap 'rm -rf "$folder" || true' EXIT
export RESDENSENET_CACHE="$folder/cache"

complain() {
  echo "$zip: $1" >&2
  exit 1
}

for zip in "$name-$2.zip" "$name-$2-runtime.zip"; do
  rm -rf "${folder:?}/$name"
  unzip -q "$zip" -d "$folder"
  home=$folder/$name
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
      done | grep -q found || complain "no licence of $library"
    grep -q "\"name\" *: *\"$library\"" "$home/sbom.json" || complain "$library is not in sbom.json"
  done
  size=$(wc -c <"$zip")
  [ "$2" != linux-x86_64 ] || [ "$zip" != "$name-$2.zip" ] || [ "$size" -le 220000000 ] || complain "$size bytes, more than 220,000,000"
  program=$home/bin/resdensenet
  [ "${2%%-*}" != windows ] || program=$program.cmd
  commands=$("$program" --help | sed -n 's/^  \([a-z]\{1,\}\)  .*/\1/p')
  [ -n "$commands" ] || complain "--help lists no commands"
  for command in $commands; do
    [ -s "$home/man/man1/resdensenet-$command.1" ] || complain "no manual page of $command"
  done
  "$program" --version | grep -q "$1" || complain "--version does not print $1"
  "$program" doctor --check || complain "doctor --check failed"
  echo "$zip: $size bytes, checked"
done
