#!/usr/bin/env bash
# Tests of deploy/run, deploy/reproduce-slateq, deploy/setup.sh, deploy/packages.txt, tests/run and .ci/run. They run on
# copies with stand-ins for apt-get, cmake, ninja, lscpu and the programs, so they install, build and train nothing.
set -uo pipefail
# What the caller builds with is not part of what is tested.
unset RECBOTS_CMAKE_FLAGS RECBOTS_GOLDEN_DIR

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

# What lscpu says of processors of these levels.
x86_64_v3="fpu sse2 cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3 abm avx avx2 bmi1 bmi2 f16c fma movbe xsave"
x86_64_v4="$x86_64_v3 avx512f avx512bw avx512cd avx512dq avx512vl"

# A fresh copy of the scripts in $tree, with stand-ins first in PATH; every package counts as installed.
make_tree() {
  tree="$work/tree $1" # with a blank, as in many a user's folder
  mkdir -p "$tree/deploy/config" "$tree/tests" "$tree/.ci" "$work/bin"
  cp "$root"/deploy/{run,images,package,release,reproduce-slateq,setup.sh,packages.txt,cuda.sh,cuda-wheels.txt} "$tree/deploy/"
  mkdir -p "$tree/deploy/monitoring" && cp "$root/deploy/monitoring/run" "$tree/deploy/monitoring/"
  cp "$root/tests/run" "$tree/tests/"
  cp "$root/.ci/run" "$tree/.ci/"
  cp "$root/CMakePresets.json" "$root/CMakeLists.txt" "$tree/"
  touch "$tree/deploy/config/browse.textproto"
  : >"$work/calls"
  stand_in dpkg-query 'shift 2; for name in "$@"; do echo "installed $name"; done'
  stand_in apt-get
  stand_in sudo '"$@"'
  stand_in ninja
  stand_in ctest
  stand_in lscpu "echo 'Flags: $x86_64_v4'"
  stand_in cmake 'preset=$3; echo "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" >"build/$preset/CMakeCache.txt"
    touch "build/$preset/build.ninja"'
  mkdir -p "$tree/build/release/bin"
  printf '#!/bin/bash\necho "recbots $*"\nexit "${RECBOTS_TEST_EXIT:-0}"\n' >"$tree/build/release/bin/recbots"
  chmod +x "$tree/build/release/bin/recbots"
  # A machine without a driver, whatever is on this one.
  mkdir -p "$work/machine"
  export RECBOTS_TEST_MACHINE="$work/machine"
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
  run_script env RECBOTS_CMAKE_FLAGS=-DRECBOTS_ARCH=x86-64 "$tree/deploy/run"
  expect "flags changed" "$calls" '*cmake --fresh --preset release -DRECBOTS_ARCH=x86-64*ninja*'
  run_script env RECBOTS_CMAKE_FLAGS=-DRECBOTS_ARCH=x86-64 "$tree/deploy/run"
  expect "the same flags" "$(cut -d' ' -f1 "$work/calls" | tr '\n' ' ')" 'dpkg-query ninja '
  run_script "$tree/deploy/run"
  expect "no flags again" "$calls" '*cmake*ninja*'
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
    "*recbots cluster $tree/deploy/config/browse.textproto --run_dir=$tree/runs/*-browse --keep --set a.b=x y"$'\n'"*"
  run_script "$tree/deploy/run" browse --run_dir=/elsewhere
  expect "own run_dir" "$out" '*recbots cluster *browse.textproto --run_dir=/elsewhere'$'\n''*'
  run_script "$tree/deploy/run" nosuch
  expect "unknown config" "$code $out" "2 *no configuration 'nosuch'*browse*"
  run_script env RECBOTS_TEST_EXIT=7 "$tree/deploy/run"
  expect "exit code of the cluster" "$code" 7
  run_script "$tree/deploy/run" --help
  expect "help" "$code $calls $out" '0  usage: deploy/run*--keep*'
}

a_run_that_ends_well_names_what_to_try() {
  make_tree next
  run_script "$tree/deploy/run" --run_dir "$tree/runs/a b"
  expect "the run's own files" "$code $out" \
    '0 *== three things to try next:*simulate runs/a\\ b/config.textproto --weights=runs/a\\ b/weights.bin*deploy/run browse --keep*deploy/run interest_evolution*'
  run_script env RECBOTS_TEST_EXIT=130 "$tree/deploy/run"
  expect "an interrupted run" "${out/three things/FOUND}" "$out"
  run_script env RECBOTS_TEST_EXIT=1 "$tree/deploy/run"
  expect "a run that failed" "${out/three things/FOUND}" "$out"
}

a_first_build_says_how_long_it_takes() {
  make_tree first
  rm "$tree/build/release/bin/recbots"
  # 600 files of 1.2 s, 300 of them with 4 s more: 1,920 s of one core.
  stand_in ninja '[[ $* != *-n* ]] || for ((i = 0; i < 300; i++)); do echo "[1/2] g++ -c a.cc"; echo "[2/2] g++ -I/torch/csrc -c b.cc"; done'
  out=$(PATH="$work/bin:$PATH"; source "$tree/deploy/setup.sh"; build_time "$tree/build/release" 2 recbots)
  expect "minutes" "$out" ': 600 files, about 17 minutes, *'
  run_script "$tree/deploy/run"
  expect "only what a run needs" "$(grep -cE 'recbots-(bench|tools)' "$work/calls")" 0
  stand_in ninja 'exit 1'
  expect "no estimate" "$(PATH="$work/bin:$PATH"; source "$tree/deploy/setup.sh"; build_time "$tree/build/release" 2 recbots)" ''
}

# A stand-in for python3 whose venv has a pip that does nothing, and the programs of build/cuda.
make_cuda_stand_ins() {
  stand_in python3 'mkdir -p "$4/bin"; printf "#!/bin/bash\\necho pip \$* >>%s\\n" "'"$work"'/calls" >"$4/bin/pip"; chmod +x "$4/bin/pip"'
  mkdir -p "$tree/build/cuda/bin"
  printf '#!/bin/bash\necho "cuda build: recbots $*"\n' >"$tree/build/cuda/bin/recbots"
  chmod +x "$tree/build/cuda/bin/recbots"
}

a_gpu_is_asked_for_before_anything_is_downloaded() {
  make_tree driver
  make_cuda_stand_ins
  rm -rf "$work/machine/proc"
  run_script "$tree/deploy/run" --cuda
  expect "no driver" "$code $calls $out" "2  *deploy/run: no NVIDIA driver on this machine*--cuda=build*"
  run_script "$tree/deploy/run" --cuda=yes
  expect "another value" "$code $calls $out" '2  *no --cuda=yes*'
  run_script "$tree/deploy/run"
  expect "without the flag" "$code $(grep -c venv "$work/calls")" '0 0'
}

a_build_for_gpus_is_one_of_its_own() {
  make_tree cuda
  make_cuda_stand_ins
  run_script "$tree/deploy/run" browse --cuda=build --actors=2
  expect "packages, wheels, build" "$code $calls" \
    "0 dpkg-query *python3-venv*python3 -m venv --clear $tree/build/cuda-venv*pip install *--no-deps *cuda-wheels.txt*cmake --fresh --preset cuda*ninja -C $tree/build/cuda *recbots-learner*"
  expect "the program" "$out" "*cuda build: recbots cluster * --run_dir=* --actors=2"$'\n'"*three things*build/cuda/bin/recbots simulate*"
  expect "flags for the cluster" "${out/ --cuda/FOUND}" "$out"
  run_script "$tree/deploy/run" --cuda=build
  expect "again" "$(cut -d' ' -f1 "$work/calls" | tr '\n' ' ')" 'dpkg-query ninja '
  mkdir -p "$work/machine/proc/driver/nvidia"
  touch "$work/machine/proc/driver/nvidia/version"
  run_script "$tree/deploy/run" --cuda
  expect "with a driver" "$code $out" '0 *cuda build: recbots cluster *'
  rm -r "$work/machine/proc"
  echo 'torch==9' >"$tree/deploy/cuda-wheels.txt"
  run_script "$tree/tests/run" cuda
  expect "tests, other wheels" "$code $calls" "0 *pip install *ninja * torch_tests *ctest --preset cuda *"
  printf '#!/bin/bash\nexit 1\n' >"$work/bin/python3"
  echo 'torch==10' >"$tree/deploy/cuda-wheels.txt"
  run_script "$tree/tests/run" cuda
  expect "no venv" "$code $out" '1 *python3 cannot make*'
  rm "$work/bin/python3"
}

every_wheel_is_pinned_and_has_a_reason() {
  local line
  while read -r line; do
    [[ -z $line || $line == '#'* ]] || expect "cuda-wheels.txt line" "$line" '[a-z]*==[0-9]*.[0-9]* # ?*'
  done <"$root/deploy/cuda-wheels.txt"
  expect "the documented version" "$(grep -c "$(sed -n 's/^torch==\([0-9.]*\).*/\1/p' "$root/deploy/cuda-wheels.txt")" "$root/docs/gpu.md")" '[1-9]*'
}

training_alone_installs_nothing() {
  make_tree training
  run_script "$tree/tests/run" training-only -L unit
  expect "training-only" "$code $calls" '0 cmake --fresh --preset training-only*ninja *ctest --preset training-only * -L unit*'
  expect "packages" "${calls/dpkg/FOUND}" "$calls"
}

a_failure_says_what_the_machine_is() {
  make_tree doctor
  # The stand-in says "recbots doctor" to that, whatever else it is asked.
  run_script env RECBOTS_TEST_EXIT=1 "$tree/deploy/run"
  expect "a run that failed" "$code $out" '1 *recbots cluster *== this machine:*recbots doctor'
  run_script env RECBOTS_TEST_EXIT=2 "$tree/deploy/run"
  expect "a wrong configuration" "$code ${out/this machine/FOUND}" "2 $out"
  run_script env RECBOTS_TEST_EXIT=130 "$tree/deploy/run"
  expect "an interrupted run" "$code ${out/this machine/FOUND}" "130 $out"
  run_script "$tree/deploy/run" nosuch
  expect "a wrong name" "${out/this machine/FOUND}" "$out"
  stand_in ninja 'exit 1'
  run_script "$tree/deploy/run"
  expect "a build that failed" "$code $out" '1 *this machine:*recbots doctor*the build of build/release failed'
  # Nothing is built, or what is built cannot tell: the shell says it.
  rm "$tree/build/release/bin/recbots"
  run_script "$tree/deploy/run"
  expect "not built" "$code $out" '1 *this machine:*system *processor *cores *memory *disk *packages *build/release failed'
  printf '#!/bin/bash\nkill -ILL $$\n' >"$tree/build/release/bin/recbots"
  chmod +x "$tree/build/release/bin/recbots"
  run_script "$tree/deploy/run"
  expect "built for another processor" "$code $out" '1 *this machine:*processor *build/release failed'
  stand_in dpkg-query 'echo "installed g++"; exit 1'
  expect "missing packages" "$(PATH="$work/bin:$PATH"; source "$tree/deploy/setup.sh" && essentials)" '*packages   *cmake *'
}

signals_reach_the_cluster() {
  make_tree signals
  # Waits for a signal and says which; its own children must not outlive it.
  printf '#!/bin/bash\ntrap "echo got TERM; exit 130" TERM\necho up >"%s/up"\nfor ((i = 0; i < 600; i++)); do sleep 0.05; done\n' \
    "$work" >"$tree/build/release/bin/recbots"
  PATH="$work/bin:$PATH" "$tree/deploy/run" >"$work/signalled" 2>&1 &
  local run=$! tries=0
  while [[ ! -e $work/up ]] && ((++tries < 600)); do sleep 0.05; done
  kill -TERM "$run"
  wait "$run"
  expect "code and output" "$? $(<"$work/signalled")" '130 *got TERM'
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

# Stand-ins for docker, which knows the images in $work/images, and for cpack.
make_release_stand_ins() {
  mkdir -p "$work/images"
  stand_in docker 'case "$1 $2" in
    "image inspect") [[ -e "'"$work"'/images/$3" ]] ;;
    "build "*) while (($#)); do [[ $1 != -t ]] || touch "'"$work"'/images/${2%:latest}"; shift; done ;;
    "save "*) echo images ;;
    esac'
  stand_in cpack 'mkdir -p "$2"; touch "$2/recbots_1_amd64.deb" "$2/recbots-learner_1_amd64.deb"'
}

images_begin_with_what_is_compiled() {
  make_tree images
  make_release_stand_ins
  run_script "$tree/deploy/images" --build-arg RECBOTS_ARCH=
  expect "the first time" "$code $calls" '0 docker info*--target build --build-arg RECBOTS_COMPILED=debian:bookworm-slim -t recbots-compiled:latest --build-arg RECBOTS_ARCH= *--target roles *-t recbots:latest *--target learner *-t recbots-learner:latest *'
  run_script "$tree/deploy/images"
  expect "the second time" "$code $calls" '0 *docker tag recbots-compiled recbots-compiled-before*RECBOTS_COMPILED=recbots-compiled-before -t recbots-compiled:latest*docker image rm recbots-compiled-before'
  stand_in docker 'exit 1'
  run_script "$tree/deploy/images"
  expect "no daemon" "$code $out" '2 *daemon does not answer*'
}

a_release_is_one_command() {
  make_tree release
  make_release_stand_ins
  local version
  version=$(sed -n 's/^project(recbots VERSION \([0-9.]*\) .*/\1/p' "$root/CMakeLists.txt")
  run_script "$tree/deploy/release" "$work/out"
  expect "calls" "$code $calls" "0 *cmake --fresh --preset package*ninja *recbots-train*cpack *-t recbots:$version *docker save recbots:$version recbots-learner:$version*"
  expect "files" "$(cd "$work/out" && echo *)" "SHA256SUMS recbots-images_$version.tar.gz recbots-learner_1_amd64.deb recbots_1_amd64.deb"
  expect "checksums" "$(cd "$work/out" && sha256sum --check SHA256SUMS | grep -c ': OK')" 3
  run_script "$tree/deploy/release" "$work/out"
  expect "a folder that is not empty" "$code $out" '2 *is not empty'
  run_script "$tree/deploy/release" --no-images "$work/out2"
  expect "without images" "$code $(grep -c docker "$work/calls")" '0 0'
  stand_in cpack 'echo broken; exit 1'
  run_script "$tree/deploy/release" --no-images "$work/out3"
  expect "no packages" "$code $out" '1 *broken*cpack failed*'
}

tests_run_passes_options_and_failures() {
  make_tree tests
  run_script "$tree/tests/run" dev tsan -L unit
  expect "presets" "$code $calls" '0 *ctest --preset dev * -j2 -L unit*ctest --preset tsan * -j2 -L unit*'
  run_script "$tree/tests/run" brief
  expect "unknown preset" "$code $out" "2 *no preset 'brief'*release*"
  stand_in ctest 'echo "90% tests passed, 1 tests failed out of 10"; echo summary; exit 8'
  run_script "$tree/tests/run"
  expect "failure" "$code $out" '1 *summary*this machine:*release: 9 of 10*'$'\n''9 passed, 1 failed'
  run_script "$tree/tests/run" release asan
  expect "failures of two" "$code $out" '1 *summary*release: 9 of 10*asan: 9 of 10*'$'\n''18 passed, 2 failed'
  stand_in ctest 'echo "No tests were found!!!"; exit 8'
  run_script "$tree/tests/run" release -R nothing
  expect "no tests" "$code $out" '1 *No tests were found!!!*0 passed, 1 failed'
  stand_in ninja 'exit 1'
  run_script "$tree/tests/run"
  expect "build fails" "$code $out" '1 *the build of build/release failed*'
}

levels_of_processors_are_run_as_far_as_they_can() {
  make_tree levels
  stand_in ctest 'echo "100% tests passed, 0 tests failed out of 10"'
  run_script "$tree/tests/run" arch -L unit
  expect "all levels" "$code $out" '0 *x86-64: 10 of 10*x86-64-v3: 10 of 10*v4: 10 of 10*native: 10*'$'\n''50 passed, 0 failed'
  expect "levels built" "$calls" '*cmake*arch-x86-64 -DRECBOTS_ARCH=x86-64
ninja *arch_tests
ctest --preset arch-x86-64 * -L unit
ctest --preset arch-x86-64 *cmake*-DRECBOTS_ARCH=x86-64-v3*-DRECBOTS_ARCH=x86-64-v4*-DRECBOTS_ARCH=native*'
  run_script env RECBOTS_CMAKE_FLAGS=-DRECBOTS_ARCH=native "$tree/tests/run" arch-x86-64-v3
  expect "the level wins" "$calls" '*cmake *-DRECBOTS_ARCH=native -DRECBOTS_ARCH=x86-64-v3*'

  make_tree older
  stand_in lscpu "echo 'Flags: $x86_64_v3'"
  stand_in ctest 'echo "90% tests passed, 1 tests failed out of 10"; exit 8'
  run_script "$tree/tests/run" arch
  expect "an older processor" "$code $out" \
    '1 *x86-64-v4: skipped, this processor lacks avx512f avx512bw*native: 9 of*'$'\n''36 passed, 4 failed'
  run_script "$tree/tests/run" arch-x86-64-v4
  expect "nothing to run" "$code $out" '0 *x86-64-v4: skipped*'
  run_script "$tree/tests/run" arch-x86-64-v2
  expect "no such level" "$code $out" '2 *arch-x86-64-v3*'

  make_tree broken
  stand_in ctest 'echo "100% tests passed, 0 tests failed out of 10"'
  stand_in ninja '[[ $* != *v3* ]]'
  run_script "$tree/tests/run" arch
  expect "a level is not built" "$code $out" '1 *x86-64-v3: not built*v4: 10 of 10*'$'\n''40 passed, 1 failed'
}

continuous_integration_runs_all_parts() {
  make_tree integration
  stand_in ctest 'echo "100% tests passed, 0 tests failed out of 10"'
  run_script "$tree/.ci/run"
  expect "all parts" "$code $calls $out" \
    '0 *ctest --preset release *--preset quick-asan *--preset quick-tsan *--preset arch-x86-64 *--preset arch-x86-64-v3 *'$'\n''60 passed, 0 failed'
  expect "warnings are errors" "$calls" '*--preset release -DRECBOTS_WERROR=ON*--preset arch-x86-64-v3 -DRECBOTS_WERROR=ON*'
  stand_in ctest '[[ $2 != release ]] || { echo "90% tests passed, 1 tests failed out of 10"; exit 8; }'
  run_script "$tree/.ci/run"
  expect "the first part fails" "$code $out" '1 *'$'\n''9 passed, 1 failed'
}

quick_sets_build_their_tests_only() {
  make_tree quick
  run_script "$tree/tests/run" quick
  expect "quick" "$code $calls" '0 *ninja *quick-asan_tests
ctest --preset quick-asan *ninja *quick-tsan_tests
ctest --preset quick-tsan *'
}

# What the compiler may fuse, and what is written for one instruction set, decides which promises of bits hold.
instruction_sets_are_chosen_in_one_place() {
  local pattern='__(AVX|SSE|FMA|BMI)|immintrin\.h|ffast-math|ffp-contract=(fast|on)|-march='
  out=$(cd "$root" && grep -rlE "$pattern" CMakeLists.txt CMakePresets.json cmake proto common replay learner actor deploy \
    --include='*.cc' --include='*.h' --include='*.json' --include='*.cmake' --include=CMakeLists.txt | sort | tr '\n' ' ')
  expect "files that choose" "$out" 'cmake/recbots.cmake common/base/CMakeLists.txt common/base/built_for.cc common/inference/lanes.h '
}

help_that_cannot_be_printed_is_a_failure() {
  make_tree help
  local script
  for script in deploy/run deploy/reproduce-slateq deploy/images deploy/package deploy/release deploy/monitoring/run tests/run; do
    # shellcheck disable=SC2016  # for the inner shell
    run_script bash -c '"$1" --help >/dev/full' _ "$tree/$script"
    expect "$script --help on a full disk" "$code $calls" '1 '
  done
}

scripts_pass_shellcheck() {
  command -v shellcheck >/dev/null || return
  run_script shellcheck --severity=warning -x -P "$root" "$root"/{deploy/run,deploy/images,deploy/package,deploy/release,deploy/monitoring/run,tests/packages/run,deploy/reproduce-slateq,deploy/setup.sh,deploy/cuda.sh,tests/run,.ci/run} \
    "${BASH_SOURCE[0]}"
  expect "shellcheck" "$code $out" '0 '
}

test_cases=(
  every_package_has_a_reason
  packages_are_chosen_by_section
  nothing_is_installed_or_configured_twice
  missing_packages_are_installed
  flags_reach_the_cluster
  a_run_that_ends_well_names_what_to_try
  a_first_build_says_how_long_it_takes
  a_gpu_is_asked_for_before_anything_is_downloaded
  a_build_for_gpus_is_one_of_its_own
  every_wheel_is_pinned_and_has_a_reason
  training_alone_installs_nothing
  a_failure_says_what_the_machine_is
  signals_reach_the_cluster
  flags_reach_the_reproduction
  images_begin_with_what_is_compiled
  a_release_is_one_command
  tests_run_passes_options_and_failures
  levels_of_processors_are_run_as_far_as_they_can
  continuous_integration_runs_all_parts
  quick_sets_build_their_tests_only
  instruction_sets_are_chosen_in_one_place
  help_that_cannot_be_printed_is_a_failure
  scripts_pass_shellcheck
)
for test_case in "${test_cases[@]}"; do
  before=$num_failed
  $test_case
  ((num_failed > before)) || echo "passed $test_case"
done
((num_failed == 0))
