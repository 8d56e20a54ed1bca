#!/usr/bin/env bash
# usage: training_only_test.sh COMPILER
# Configures a tree with RECBOTS_TRAINING_ONLY, with gRPC and Protobuf hidden, and asks its build graph: the learning sides,
# their tests and the updates bench are there, and nothing of it speaks of gRPC, Protobuf or what is made of them.
set -uo pipefail

compiler=${1:?usage: training_only_test.sh COMPILER}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
num_failed=0

fail() {
  printf 'FAILED %s\n' "$*"
  num_failed=$((num_failed + 1))
}

if ! log=$(cmake -S "$root" -B "$tree" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" -DRECBOTS_TRAINING_ONLY=ON \
  -DCMAKE_DISABLE_FIND_PACKAGE_gRPC=ON -DCMAKE_DISABLE_FIND_PACKAGE_Protobuf=ON 2>&1); then
  printf '%s\nFAILED it cannot be configured\n' "$log"
  exit 1
fi

targets=$(ninja -C "$tree" -t targets all)
wanted=(recbots_networks recbots_wolpertinger_learning recbots_slate_q_learning recbots_full_slate_q_learning recbots-updates
  adam_test q_learner_test slate_q_test full_slate_q_test wolpertinger_test fused_learning_test click_learner_test crc32c_test)
for target in "${wanted[@]}"; do
  grep -qE "(^|/)(lib)?$target(\.a)?: " <<<"$targets" || fail "it does not build $target"
done
# What needs the messages is left out.
for target in recbots_proto recbots_acting recbots_learning recbots-learner recbots-bench; do
  ! grep -qE "(^|/)(lib)?$target(\.a)?: " <<<"$targets" || fail "it builds $target"
done

commands=$(ninja -C "$tree" -t commands all)
[[ $(wc -l <<<"$commands") -ge 100 ]] || fail "there are $(wc -l <<<"$commands") commands, want 100 or more"
mentions=$(grep -iE 'protobuf|protoc|grpc|\.pb\.|libisal|httplib' <<<"$commands" | head -n 3)
[[ -z $mentions ]] || fail "commands speak of what is not there: $mentions"

# The sources that are compiled include no message, nor do the headers of the tree that they include.
if ! python3 - "$root" "$tree/compile_commands.json" <<'PYTHON'; then
import json, os, re, sys
root, commands = sys.argv[1], json.load(open(sys.argv[2]))
waiting, seen, faults = [os.path.relpath(c["file"], root) for c in commands], set(), 0
while waiting:
    path = waiting.pop()
    if path in seen or not os.path.exists(os.path.join(root, path)):
        continue
    seen.add(path)
    for header in re.findall(r'^#include "([^"]+)"', open(os.path.join(root, path)).read(), re.M):
        if header.startswith("recbots/v1/"):
            print(f"{path} includes {header}")
            faults += 1
        waiting.append(header)
print(f"{len(seen)} files looked at")
sys.exit(faults > 0 or len(seen) < 100)
PYTHON
  fail "sources include messages"
fi
((num_failed == 0)) && echo "passed"
