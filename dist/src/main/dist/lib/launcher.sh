# shellcheck shell=sh
# For the launchers: finds Java, sets the environment, and shortens the start with an archive of loaded classes.

# Sets java to the program of JAVA_HOME or of the path. Ends if it is missing or too old. Argument: what is needed.
find_java() {
  needed=$1
  if [ -n "${JAVA_HOME:-}" ]; then
    java=$JAVA_HOME/bin/java
    [ -x "$java" ] || fail "JAVA_HOME is $JAVA_HOME, which has no bin/java"
  else
    java=$(command -v java) || fail "no Java found; install $needed, or set JAVA_HOME"
  fi
  java_home=$(dirname "$(resolved "$java")")/..
  version=$(sed -n 's/^JAVA_VERSION="\(1\.\)\{0,1\}\([0-9]*\).*/\2/p' "$java_home/release" 2>/dev/null) || version=
  if [ -z "$version" ]; then # not in the folder of a JDK
    version=$("$java" -version 2>&1 | sed -n 's/.* version "\(1\.\)\{0,1\}\([0-9]*\).*/\2/p' | head -n 1) || version=
  fi
  if [ -n "$version" ] && [ "$version" -lt 17 ]; then
    fail "$java is Java $version; install $needed, or set JAVA_HOME"
  fi
}

fail() {
  echo "resdensenet: $1" >&2
  exit 1
}

# The file behind symbolic links.
resolved() {
  file=$1
  while [ -h "$file" ]; do
    target=$(readlink "$file")
    case $target in /*) file=$target ;; *) file=$(dirname "$file")/$target ;; esac
  done
  echo "$file"
}

set_environment() {
  # In another locale than UTF-8 the JVM cannot open files whose names are not ASCII.
  case $(locale charmap 2>/dev/null) in
    UTF-8) ;;
    *) export LC_ALL=C.UTF-8 ;;
  esac
  # libtorch's own log of a lost connection; the program reports it in one line.
  export TORCH_CPP_LOG_LEVEL="${TORCH_CPP_LOG_LEVEL:-FATAL}"
  # Idle threads of OpenBLAS wait in a loop; the matrices here are too small to divide among threads.
  export OPENBLAS_NUM_THREADS="${OPENBLAS_NUM_THREADS:-1}"
}

# Replaces this process by the program. Arguments: the jar, then those of the program.
start() {
  jar=$1
  shift
  terminal=false
  [ -t 2 ] && terminal=true
  sharing=-Xshare:auto
  class_archive || true # it only shortens the start
  set -f # no file names from the options
  # A small nursery: the images and weights live outside the heap.
  exec "$java" -XX:+UseSerialGC -Xmn32m "$sharing" -Xlog:disable -Xlog:all=off -Djava.awt.headless=true \
    -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 -Dorg.bytedeco.javacpp.maxBytes=0 \
    -Dresdensenet.terminal=$terminal ${RESDENSENET_JAVA_OPTS:-} -jar "$jar" "$@"
}

# Sets sharing to the JVM option. If there is no archive for this Java and this jar, it is written in the background.
class_archive() {
  [ "${RESDENSENET_CLASS_ARCHIVE:-}" != off ] || return 1
  cache=${RESDENSENET_CACHE:-${HOME:+$HOME/.cache/resdensenet}}
  jdk=$java_home/lib/server/classes.jsa
  [ -f "$jdk" ] || jdk=$java_home/lib/modules # a runtime made by jlink has no archive of its own classes
  # Options for agents and ports would also apply to the process that writes the archive.
  case "${RESDENSENET_JAVA_OPTS:-} ${JAVA_TOOL_OPTIONS:-} ${JDK_JAVA_OPTIONS:-} ${_JAVA_OPTIONS:-}" in
    *agent* | *jmxremote* | *jdwp*) return 1 ;;
  esac
  { [ -n "$cache" ] && [ -f "$jdk" ] && command -v cksum >/dev/null 2>&1; } || return 1
  archive=$cache/classes-$(echo "$jdk $jar" | cksum | tr ' ' -).jsa
  key=$(LC_ALL=C TZ=UTC0 ls -lL "$jdk" "$jar" | cksum)
  base= # the archive of the runtime's classes, with a colon
  [ "${jdk%/modules}" = "$jdk" ] || base=${archive%.jsa}-base.jsa:
  if [ -f "$archive" ] && [ "$key" = "$(cat "$archive.key" 2>/dev/null)" ]; then
    sharing=-XX:SharedArchiveFile=$base$archive
    touch -c "$archive.key" 2>/dev/null || true # in use
    return 0
  fi
  mkdir -p "$cache" 2>/dev/null && class_archive_due || return 1
  { echo "$key" >>"$archive.tried"; } 2>/dev/null || return 1
  (
    set -f
    if [ -n "$base" ]; then
      nice "$java" -XX:+UseSerialGC -Xshare:dump "-XX:SharedArchiveFile=${base%:}.$$" || exit 1
      mv "${base%:}.$$" "${base%:}"
    fi
    if nice "$java" ${base:+"-XX:SharedArchiveFile=${base%:}"} "-XX:ArchiveClassesAtExit=$archive.$$" \
      -XX:+UseSerialGC -Xlog:disable -Xlog:all=off \
      ${RESDENSENET_JAVA_OPTS:-} -jar "$jar" doctor --check; then
      mv "$archive.$$" "$archive" && echo "$key" >"$archive.key"
      # Archives that have not been used for a month.
      find "$cache" -maxdepth 1 -type f -name 'classes-[0-9]*-[0-9]*.jsa.key' -mtime +30 | while read -r old; do
        rm -f "$old" "${old%.key}" "${old%.key}.tried" "${old%.jsa.key}-base.jsa"
      done
      # What was left when the machine was switched off meanwhile.
      find "$cache" -maxdepth 1 -type f -name 'classes-[0-9]*.jsa.[0-9]*' -mtime +1 -exec rm -f {} +
    else
      rm -f "$archive.$$"
    fi
  ) </dev/null >/dev/null 2>&1 &
}

# Whether to write the archive now: at most three times, with a minute between.
class_archive_due() {
  tries=$(grep -cxF "$key" "$archive.tried" 2>/dev/null) || true
  [ "${tries:-0}" -eq 0 ] || { [ "$tries" -lt 3 ] && [ -n "$(find "$archive.tried" -mmin +1 2>/dev/null)" ]; }
}
