# What deploy/run, tests/run and the image share: install the packages, configure, build. Sourced by bash, not run.
#
# Nothing here asks the network or runs CMake when there is nothing to do. Messages go to standard error.
# shellcheck shell=bash

RECBOTS_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '== %s\n' "$*" >&2; }
# die CODE MESSAGE...: where the machine may be to blame, and not the command line (2), says first what it is.
die() {
  local code=$1
  shift
  ((code == 2)) || doctor
  printf '%s: %s\n' "$0" "$*" >&2
  exit "$code"
}

# doctor: what this machine is and what will not work well on it, by `recbots doctor` where that is built. RECBOTS_BUILT is
# the folder under build/ of the programs that are used (release).
doctor() {
  local program="$RECBOTS_ROOT/build/${RECBOTS_BUILT:-release}/bin/recbots" lines="" code=0
  [[ ! -x $program ]] || lines=$("$program" doctor 2>/dev/null) || code=$?
  # 1 says that something is a problem; a program that cannot tell, or is older than this command, says other things.
  ((code <= 1)) || lines=""
  [[ -n $lines ]] || lines=$(essentials)
  say "this machine:"
  printf '%s\n' "$lines" >&2
}

# essentials: the same in short, without a program.
essentials() {
  local feature features="" wanted missing=()
  for feature in sse4_2 avx2 fma avx512f avx512bw avx512vl; do
    if grep -qsw "$feature" /proc/cpuinfo; then features+=" $feature"; fi
  done
  printf 'system     %s, %s\n' "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release 2>/dev/null)" "$(uname -srm)"
  printf 'processor  %s, with%s\n' "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" "${features:- none of AVX2 and AVX-512}"
  printf 'cores      %s\n' "$(nproc)"
  awk '/^MemTotal:/ { total = $2 } /^MemAvailable:/ { printf "memory     %d MB, %d MB of it free\n", total / 1024, $2 / 1024 }' \
    /proc/meminfo
  printf 'disk       %s MB free in %s\n' "$(df -Pm "$RECBOTS_ROOT" | awk 'NR == 2 { print $4 }')" "$RECBOTS_ROOT"
  mapfile -t wanted < <(packages_of build roles run test)
  if command -v dpkg-query >/dev/null; then mapfile -t missing < <(missing_packages "${wanted[@]}"); fi
  printf 'packages   %s\n' "${missing[*]:-nothing is known to be missing}"
}

# packages_of SECTION...: the names deploy/packages.txt lists in these sections, one a line, each once.
packages_of() {
  awk -v wanted=" $* " '
    /^# section:/ { inside = index(wanted, " " $3 " ") > 0; next }
    { sub(/#.*/, "") }
    inside && NF && !seen[$1]++ { print $1 }
  ' "$RECBOTS_ROOT/deploy/packages.txt"
}

# missing_packages NAME...: those that are not installed, one a line. One call of dpkg-query however many names.
missing_packages() {
  local installed name
  # Names it does not know make dpkg-query complain and fail: they are simply missing.
  # shellcheck disable=SC2016  # the braces are dpkg-query's, not the shell's
  installed=$(dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null) || true
  for name in "$@"; do
    [[ $'\n'$installed$'\n' == *$'\n'"installed $name"$'\n'* ]] || printf '%s\n' "$name"
  done
}

# install_packages SECTION...: installs what is missing of these sections; silent when that is nothing.
install_packages() {
  local wanted missing as_root=()
  mapfile -t wanted < <(packages_of "$@")
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    die 1 "this is not a Debian system (no dpkg-query or no apt-get). Use Debian 12 or docker-compose up;" \
      "deploy/packages.txt lists what the build needs."
  fi
  mapfile -t missing < <(missing_packages "${wanted[@]}")
  ((${#missing[@]})) || return 0
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die 1 "packages are missing and there is no sudo. As root, run:" \
      "apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  say "installing ${#missing[@]} missing packages: ${missing[*]}"
  # An unreachable third-party source must not stop us: if it matters, the installation below says so.
  "${as_root[@]}" apt-get update -qq -o Acquire::Retries=3 || say "apt-get update failed, going on with the lists at hand"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes -qq --no-install-recommends \
    -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "${missing[@]}" >&2 ||
    die 1 "apt-get could not install the packages above. recbots is made for Debian 12 (bookworm)."
}

# build_jobs: compilers that fit this machine: one a core, each with about 1.2 GB of the memory that is free.
build_jobs() {
  local cores memory_mb limit jobs
  cores=$(nproc)
  memory_mb=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
  # Inside a container its own limit counts too ("max" when there is none).
  if [[ -r /sys/fs/cgroup/memory.max ]] && read -r limit </sys/fs/cgroup/memory.max && [[ $limit != max ]]; then
    limit=$((limit / 1048576))
    ((limit < memory_mb)) && memory_mb=$limit
  fi
  jobs=$((memory_mb / 1200))
  ((jobs > cores)) && jobs=$cores
  printf '%d\n' $((jobs > 0 ? jobs : 1))
}

# missing_for ARCH: what this processor lacks to run what is compiled with -march=ARCH, a level of x86-64; nothing where it
# lacks nothing. Other values of ARCH are not looked at.
missing_for() {
  local wanted flag flags missing=()
  local v2="cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3"
  local v3="$v2 abm avx avx2 bmi1 bmi2 f16c fma movbe xsave"
  case $1 in
    x86-64) wanted="sse2" ;;
    x86-64-v2) wanted=$v2 ;;
    x86-64-v3) wanted=$v3 ;;
    x86-64-v4) wanted="$v3 avx512f avx512bw avx512cd avx512dq avx512vl" ;;
    *) return 0 ;;
  esac
  flags=" $(LC_ALL=C lscpu | sed -n 's/^Flags: *//p') "
  for flag in $wanted; do
    [[ $flags == *" $flag "* ]] || missing+=("$flag")
  done
  printf '%s' "${missing[*]}"
}

# build PRESET [TARGET...]: configures build/PRESET where needed and builds the targets (default: all).
# RECBOTS_CMAKE_FLAGS holds further flags for the configuration, for example "-DRECBOTS_ARCH=x86-64-v3".
build() {
  local preset=$1 folder="$RECBOTS_ROOT/build/$1" jobs lock flags
  shift
  mkdir -p "$folder"
  # Two builds of one folder at a time would spoil it.
  exec {lock}>"$folder/.lock"
  flock "$lock"
  read -ra flags <<<"${RECBOTS_CMAKE_FLAGS:-}"
  if needs_configure "$folder"; then
    say "configuring build/$preset"
    (cd "$RECBOTS_ROOT" && cmake --fresh --preset "$preset" "${flags[@]}") >&2 ||
      die 1 "cmake could not configure build/$preset"
    printf '%s\n' "${flags[*]}" >"$folder/.flags"
  fi
  jobs=$(build_jobs)
  say "building build/$preset, $jobs at a time$(build_time "$folder" "$jobs" "$@")"
  # Paths inside the tree are no part of what the compiler cache compares: another checkout finds what this one compiled.
  CCACHE_BASEDIR=$RECBOTS_ROOT ninja -C "$folder" -j "$jobs" "$@" >&2 || die 1 "the build of build/$preset failed"
  exec {lock}>&-
}

# build_time FOLDER JOBS [TARGET...]: how long a first build will take, as the end of a sentence. 1.2 s for each source file, and 4 s
# more for each that includes LibTorch, on a core of 2022; what the compiler cache knows takes none of it.
build_time() {
  local folder=$1 jobs=$2 steps files torch
  shift 2
  [[ ! -x $folder/bin/recbots ]] || return 0
  steps=$(ninja -C "$folder" -n -v "$@" 2>/dev/null) || return 0
  files=$(grep -c -- ' -c ' <<<"$steps") || return 0
  torch=$(grep -- ' -c ' <<<"$steps" | grep -c 'USE_C10D\|torch/csrc') || torch=0
  printf ': %d files, about %d minutes, less with what the compiler cache knows; a second build takes seconds' "$files" \
    $(((files * 12 + torch * 40) / 10 / jobs / 60 + 1))
}

# Ninja runs CMake again by itself when a CMakeLists.txt changes; the rest is for us to see: no configuration yet, changed
# presets, other RECBOTS_CMAKE_FLAGS, or a tree that was moved or copied.
needs_configure() {
  local folder=$1 flags=() configured=()
  read -ra flags <<<"${RECBOTS_CMAKE_FLAGS:-}"
  [[ ! -f $folder/.flags ]] || read -ra configured <"$folder/.flags"
  [[ ! -f $folder/build.ninja || $RECBOTS_ROOT/CMakePresets.json -nt $folder/build.ninja ]] ||
    [[ ${flags[*]} != "${configured[*]}" ]] ||
    ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$RECBOTS_ROOT" "$folder/CMakeCache.txt"
}
