#!/usr/bin/env bash
# Tests of deploy/run, deploy/reproduce-slateq, deploy/setup.sh, deploy/packages.txt and tests/run. They run on copies
# with stand-ins for apt-get, cmake, ninja and the programs, so they install, build and train nothing.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
num_failed=0

# expect WHAT ACTUAL PATTERN: fails unless ACTUAL matches the glob PATTERN.
expect() {
  # shellcheck disable=SC2053  # a pattern, on purpose
  [[ $2 == $3 ]] && return
  printf 'FAILED %s\n  is    %s\n  want  %s\n' "$1" "$2" "$3"
  num_failed=$((num_failed + 1))
}

# A stand-in called NAME that writes its arguments to $work/calls, then runs BODY.
stand_in() {
  printf '#!/bin/bash\necho "%s $*" >>"%s/calls"\n%s\n' "$1" "$work" "${2:-}" >"$work/bin/$1"
  chmod +x "$work/bin/$1"
}

# A fresh copy of the scripts in $tree, with stand-ins first in PATH; every package counts as installed.
make_tree() {
  tree="$work/tree $1" # with a blank, as in many a user's folder
  mkdir -p "$tree/deploy/config" "$tree/tests" "$work/bin"
  cp "$root"/deploy/{run,reproduce-slateq,setup.sh,packages.txt} "$tree/deploy/"
  cp "$root/tests/run" "$tree/tests/"
  cp "$root/CMakePresets.json" "$tree/"
  touch "$tree/deploy/config/browse.textproto"
  : >"$work/calls"
  stand_in dpkg-query 'shift 2; for name in "$@"; do echo "installed $name"; done'
  stand_in apt-get
  stand_in sudo '"$@"'
  stand_in ninja
  stand_in ctest
  stand_in cmake 'preset=${@: -1}; echo "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" >"build/$preset/CMakeCache.txt"
    touch "build/$preset/build.ninja"'
  mkdir -p "$tree/build/release/bin"
  printf '#!/bin/bash\necho "recbots $*"\nexit "${RECBOTS_TEST_EXIT:-0}"\n' >"$tree/build/release/bin/recbots"
  chmod +x "$tree/build/release/bin/recbots"
}

# run_script COMMAND...: its output in $out, both streams, its code in $code, the stand-ins' calls in $calls.
run_script() {
  : >"$work/calls"
  out=$(PATH="$work/bin:$PATH" "$@" 2>&1)
  code=$?
  calls=$(<"$work/calls")
}

every_package_has_a_reason() {
  local line
  while read -r line; do
    [[ -z $line || $line == '#'* ]] || expect "packages.txt line" "$line" '[a-z]* # ?*'
  done <"$root/deploy/packages.txt"
}

packages_are_chosen_by_section() {
  # shellcheck source=deploy/setup.sh
  expect "section build" "$(source "$root/deploy/setup.sh" && packages_of build | tr '\n' ' ')" 'g++ cmake *zlib1g-dev '
  expect "section clang" "$(source "$root/deploy/setup.sh" && packages_of clang)" 'clang-14'
  expect "no section" "$(source "$root/deploy/setup.sh" && packages_of nothing)" ''
  expect "jobs" "$(source "$root/deploy/setup.sh" && build_jobs)" '[1-9]*'
}

nothing_is_installed_or_configured_twice() {
  make_tree twice
  run_script "$tree/deploy/run"
  expect "first run" "$code $calls" '0 dpkg-query*cmake --fresh --preset release*ninja*recbots-replay*'
  run_script "$tree/deploy/run"
  expect "second run" "$code" 0
  expect "second run's calls" "$(cut -d' ' -f1 "$work/calls" | tr '\n' ' ')" 'dpkg-query ninja '
  touch -d '+1 hour' "$tree/CMakePresets.json"
  run_script "$tree/deploy/run"
  expect "presets changed" "$calls" '*cmake*ninja*'
}

missing_packages_are_installed() {
  make_tree missing
  stand_in dpkg-query 'echo "installed g++"; echo "config-files cmake"; exit 1'
  run_script "$tree/tests/run"
  expect "installs" "$code $calls" '0 *apt-get update*apt-get install * cmake *libtorch-dev*shellcheck*cmake*ctest*'
  out=$(grep 'apt-get install' "$work/calls")
  expect "what is there already" "${out/ g++ /FOUND}" "$out"
  expect "what only the clang preset needs" "${out/clang-14/FOUND}" "$out"
  run_script "$tree/tests/run" clang
  expect "clang" "$calls" '*apt-get install*clang-14*'
  stand_in apt-get '[[ $1 != install ]]'
  run_script "$tree/deploy/run"
  expect "apt fails" "$code $out" '1 *apt-get could not install*'
}

flags_reach_the_cluster() {
  make_tree flags
  run_script "$tree/deploy/run" --keep --set 'a.b=x y'
  expect "default config" "$out" \
    "*recbots cluster $tree/deploy/config/browse.textproto --run_dir=$tree/runs/*-browse --keep --set a.b=x y"
  run_script "$tree/deploy/run" browse --run_dir=/elsewhere
  expect "own run_dir" "$out" '*recbots cluster *browse.textproto --run_dir=/elsewhere'
  run_script "$tree/deploy/run" nosuch
  expect "unknown config" "$code $out" "2 *no configuration 'nosuch'*browse*"
  run_script env RECBOTS_TEST_EXIT=7 "$tree/deploy/run"
  expect "exit code of the cluster" "$code" 7
  run_script "$tree/deploy/run" --help
  expect "help" "$code $calls $out" '0  usage: deploy/run*--keep*'
}

flags_reach_the_reproduction() {
  make_tree reproduction
  run_script "$tree/deploy/reproduce-slateq" --seeds=1 --only='E9, E10'
  expect "flags" "$code $out" '0 *recbots reproduce slateq --seeds=1 --only=E9, E10'
  expect "what is built" "$calls" '*ninja* recbots-train*'
  run_script env RECBOTS_TEST_EXIT=130 "$tree/deploy/reproduce-slateq"
  expect "exit code of the reproduction" "$code" 130
  run_script "$tree/deploy/reproduce-slateq" --help
  expect "help" "$code $calls $out" '0  usage: deploy/reproduce-slateq*'
}

tests_run_passes_options_and_failures() {
  make_tree tests
  run_script "$tree/tests/run" dev tsan -L unit
  expect "presets" "$code $calls" '0 *ctest --preset dev * -j2 -L unit*ctest --preset tsan * -j2 -L unit*'
  run_script "$tree/tests/run" quick
  expect "unknown preset" "$code $out" "2 *no preset 'quick'*release*"
  stand_in ctest 'echo summary; exit 8'
  run_script "$tree/tests/run"
  expect "failure" "$code $out" '1 *summary'
  run_script "$tree/tests/run" release asan
  expect "failures of two" "$code $out" '1 *summary*summary*tests failed with preset: release asan'
  stand_in ninja 'exit 1'
  run_script "$tree/tests/run"
  expect "build fails" "$code $out" '1 *the build of build/release failed'
}

scripts_pass_shellcheck() {
  command -v shellcheck >/dev/null || return
  run_script shellcheck --severity=warning -x -P "$root" "$root"/{deploy/run,deploy/reproduce-slateq,deploy/setup.sh,tests/run,.ci/run} \
    "${BASH_SOURCE[0]}"
  expect "shellcheck" "$code $out" '0 '
}

test_cases=(
  every_package_has_a_reason
  packages_are_chosen_by_section
  nothing_is_installed_or_configured_twice
  missing_packages_are_installed
  flags_reach_the_cluster
  flags_reach_the_reproduction
  tests_run_passes_options_and_failures
  scripts_pass_shellcheck
)
for test_case in "${test_cases[@]}"; do
  before=$num_failed
  $test_case
  ((num_failed > before)) || echo "passed $test_case"
done
((num_failed == 0))
