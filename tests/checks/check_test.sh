#!/usr/bin/env bash
# Tests of tests/check: a small tree without faults passes, and each fault that is planted in it is found with its file and line.
set -uo pipefail
# shellcheck disable=SC2016  # the backquotes are Markdown's

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
num_failed=0

# make_tree: a fresh tree of two libraries, a test and their documents in $tree. Not a repository: every file counts.
make_tree() {
  tree="$work/tree"
  rm -rf "$tree"
  mkdir -p "$tree"/{common/low,replay/high,docs,deploy,tests/checks,tests/common/low}
  cp "$root/.clang-format" "$tree/"
  printf 'project(tree VERSION 1.2.3 LANGUAGES CXX)\n' >"$tree/CMakeLists.txt"
  printf 'recbots_library(low SOURCES low.cc low.h)\n' >"$tree/common/low/CMakeLists.txt"
  printf 'recbots_library(high SOURCES high.h\n  PUBLIC recbots::low)\n' >"$tree/replay/high/CMakeLists.txt"
  printf '#pragma once\n\nint Low();\n' >"$tree/common/low/low.h"
  printf '#include "common/low/low.h"\n\n#include <vector>\n\nint Low() { return 1; }\n' >"$tree/common/low/low.cc"
  printf '#pragma once\n\n#include "common/low/low.h"\n\ninline constexpr char kVersion[] = "1.2.3";\n' >"$tree/replay/high/high.h"
  touch "$tree/common/low/README.md" "$tree/replay/high/README.md"
  printf '| folder | target | links | external |\n|---|---|---|---|\n%s\n%s\n' '| `common/low` | `low` | - | |' \
    '| `replay/high` | `high` | low | |' >"$tree/docs/architecture.md"
  printf '#!/usr/bin/env bash\necho "hello"\n' >"$tree/deploy/run"
  printf 'recbots_test(low_test SOURCES low_test.cc LINK recbots::low)\n' >"$tree/tests/common/low/CMakeLists.txt"
  printf '#include "common/low/low.h"\n' >"$tree/tests/common/low/low_test.cc"
}

# expect_faults WHAT PATTERN NUM_FAILED: runs the check; its output must match the glob PATTERN, with that many parts failed.
expect_faults() {
  local out code=0 want_code=0
  out=$("$root/tests/check" "$tree" 2>&1) || code=$?
  (($3 == 0)) || want_code=1
  # shellcheck disable=SC2053  # a pattern, on purpose
  [[ $out == $2 && $out == *"$((10 - $3)) passed, $3 failed" && $code == "$want_code" ]] && echo "passed $1" && return
  printf 'FAILED %s\n  code  %s\n  is    %s\n  want  %s, %s failed\n' "$1" "$code" "$out" "$2" "$3"
  num_failed=$((num_failed + 1))
}

make_tree
expect_faults "a tree without faults" '10 passed*' 0

printf 'int  Odd();\n' >>"$tree/common/low/low.h"
expect_faults "format" '*common/low/low.h:4: not as clang-format leaves it*' 1

make_tree
printf 'if\n' >>"$tree/deploy/run"
expect_faults "a script that does not parse" '*deploy/run:*: syntax error*' 1

make_tree
printf 'int \n\tx\n' >"$tree/docs/page.md"
expect_faults "spaces" '*docs/page.md:1: a tab, or*docs/page.md:2: a tab, or*' 1

make_tree
rm "$tree/replay/high/README.md"
expect_faults "readmes" '*replay/high/CMakeLists.txt:1: its folder has no README.md*' 1
printf 'Has `high/`.\n' >"$tree/replay/README.md"
expect_faults "a readme above" '10 passed*' 0

make_tree
sed -i 's/1\.2\.3/1.2.30/' "$tree/replay/high/high.h"
expect_faults "version" '*replay/high/high.h:5: another version than 1.2.3*' 1

make_tree
printf '#pragma once\n' >"$tree/common/low/forgotten.h"
printf 'int x;\n' >"$tree/tests/common/low/forgotten_test.cc"
sed -i 's/low\.cc low\.h/low.cc low.h gone.h/' "$tree/common/low/CMakeLists.txt"
expect_faults "lists" '*low/CMakeLists.txt:1: common/low/gone.h does not exist
common/low/forgotten.h:1: no CMakeLists.txt*
tests/common/low/forgotten_test.cc:1: no*' 1

make_tree
sed -i '/pragma/d' "$tree/common/low/low.h"
expect_faults "no #pragma once" '*common/low/low.h:1: no #pragma once*' 1

make_tree
printf '#include <vector>\n// clang-format off\n#include "common/low/low.h"\n\nint Low() { return 1; }\n' >"$tree/common/low/low.cc"
expect_faults "own header" '*common/low/low.cc:1: its own header comes first*' 1

make_tree
sed -i '3a \\n#include "replay/high/high.h"' "$tree/common/low/low.cc"
expect_faults "upwards" '*common/low/low.cc:5: common is below replay*' 1

make_tree
sed -i 's/ *PUBLIC recbots::low//' "$tree/replay/high/CMakeLists.txt"
sed -i 's/| low |/| - |/' "$tree/docs/architecture.md"
expect_faults "not linked" '*replay/high/high.h:3: common/low/low.h needs recbots::low, which high does not link*' 1

make_tree
sed -i '2a #include <torch/torch.h>\n' "$tree/common/low/low.cc"
expect_faults "LibTorch" '*common/low/low.cc:3: torch/torch.h needs TORCH, which low does not link*' 1

make_tree
mkdir -p "$tree/learner/user" "$tree/learner/middle"
printf '#pragma once\n\n#include "replay/high/high.h"\n' | tee "$tree/learner/user/user.h" >"$tree/learner/middle/middle.h"
printf 'recbots_library(user SOURCES user.h PUBLIC recbots::middle)\n' >"$tree/learner/user/CMakeLists.txt"
printf 'recbots_library(middle SOURCES middle.h PUBLIC recbots::high)\n' >"$tree/learner/middle/CMakeLists.txt"
touch "$tree/learner/user/README.md" "$tree/learner/middle/README.md"
printf '| `learner/user` | `user` | middle | |\n| `learner/middle` | `middle` | high | |\n' >>"$tree/docs/architecture.md"
expect_faults "another role through a third" '*learner/user/user.h:3: replay/high/high.h needs recbots::high, which user does not*' 1

make_tree
sed -i 's/| low |/| low, base |/; /common.low/d' "$tree/docs/architecture.md"
expect_faults "table" '*docs/architecture.md:3: high does not link base
common/low/CMakeLists.txt:1: docs/architecture.md does not list low*' 1
sed -i 's/| low, base |/| - |/' "$tree/docs/architecture.md"
expect_faults "a link that the table lacks" '*docs/architecture.md:3: high links low, which the table does not say*' 1

# A function of 41 lines, in a file of more than 350.
make_tree
{
  printf 'int Long() {\n'
  for ((i = 0; i < 39; i++)); do printf '  Low();\n'; done
  printf '}\n'
  for ((i = 0; i < 310; i++)); do printf '// %d\n' "$i"; done
} >>"$tree/common/low/low.cc"
expect_faults "sizes" '*low.cc:6: Long has 41 lines, want at most 40
common/low/low.cc:1: common/low/low.cc has 356 lines, want at most 350*' 1
printf 'common/low/low.cc 356 # why\ncommon/low/low.cc:Long 41\n' >"$tree/tests/checks/long.txt"
expect_faults "sizes that are listed" '10 passed*' 0
make_tree
printf 'common/low/low.cc 356 # why\ncommon/low/low.cc:Long 41\n' >"$tree/tests/checks/long.txt"
expect_faults "sizes that are listed in vain" '*tests/checks/long.txt:1: *low.cc is short now*long.txt:2: *low.cc:Long is short now*' 1

make_tree
printf '// Waits so\n// many times, and starts Anew.\nint Low();  // For whoever asks: "//".\nconst char text[] = "so long, anew // ";\n' \
  >>"$tree/common/low/low.h"
printf '// One a line, as it comes.\n' >"$tree/replay/high/high.proto"
printf 'Not `so many`, nor\n```\nanew\n```\nbut so long.\n' >"$tree/docs/page.md"
expect_faults "words" '*common/low/low.h:4: "so many", better: this many, or*common/low/low.h:5: "anew", better: again*
common/low/low.h:6: "whoever", better: the noun*docs/page.md:5: "so long", better: this long*
replay/high/high.proto:1: "as it comes", better: in the order of arrival*FAILED words: 5 faults*' 1

out=$("$root/tests/check" --nothing 2>&1)
code=$?
[[ $code == 2 ]] || { echo "FAILED unknown option: code $code, $out" && num_failed=$((num_failed + 1)); }
((num_failed == 0))
