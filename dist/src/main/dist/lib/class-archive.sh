# For the launchers: an archive of loaded classes, which shortens the start of the JVM.

# Sets sharing to the JVM option. If there is no archive for this Java and this jar, it is written in the background.
class_archive() { # java, jar
  sharing=-Xshare:auto
  cache=${RESDENSENET_CACHE:-${HOME:+$HOME/.cache/resdensenet}}
  binary=$(command -v "$1")
  while [ -h "$binary" ]; do
    target=$(readlink "$binary")
    case $target in /*) binary=$target ;; *) binary=$(dirname "$binary")/$target ;; esac
  done
  base=$(dirname "$binary")/../lib/server/classes.jsa
  if [ -z "$cache" ] || [ ! -f "$base" ] || ! command -v cksum >/dev/null 2>&1; then
    return 0
  fi
  archive=$cache/classes-$(echo "$base $2" | cksum | tr ' ' -).jsa
  key=$(ls -lL "$base" "$2" | cksum)
  if [ -f "$archive" ] && [ "$key" = "$(cat "$archive.key" 2>/dev/null)" ]; then
    sharing="-XX:SharedArchiveFile=$archive"
  elif mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ] && class_archive_due; then
    echo "$key" >>"$archive.tried"
    (
      if nice "$1" "-XX:ArchiveClassesAtExit=$archive.$$" -XX:+UseSerialGC -Xlog:disable -Xlog:all=off \
        ${RESDENSENET_JAVA_OPTS:-} -jar "$2" doctor --check; then
        mv "$archive.$$" "$archive" && echo "$key" >"$archive.key"
      else
        rm -f "$archive.$$"
      fi
    ) </dev/null >/dev/null 2>&1 &
  fi
}

# Whether to write the archive now: at most three times, with a minute between.
class_archive_due() {
  tries=$(grep -cxF "$key" "$archive.tried" 2>/dev/null) || true
  [ "${tries:-0}" -eq 0 ] || { [ "$tries" -lt 3 ] && [ -n "$(find "$archive.tried" -mmin +1 2>/dev/null)" ]; }
}
