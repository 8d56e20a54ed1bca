#!/usr/bin/env bash
# docker-compose.yml and the override docker-compose.gpu.yml: the first asks for no GPU; with both, only learners do, and
# every other role is what it was. And every path that a Dockerfile copies exists. Compose itself is asked where it is
# installed; it starts nothing.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
num_failed=0

# expect WHAT ACTUAL WANTED
expect() {
  [[ $2 == "$3" ]] && return
  printf 'FAILED %s\n  is    %s\n  want  %s\n' "$1" "$2" "$3"
  num_failed=$((num_failed + 1))
}

# with_gpu: the services of a configuration that reserve a GPU, in the order in which they stand.
with_gpu() {
  awk '/^[a-z]/ { inside = $1 == "services:" } inside && /^  [a-z-]+:$/ { service = $1; sub(/:/, "", service) }
    inside && /^ +driver: *nvidia$/ { print service }' | sort -u | tr '\n' ' '
}

# services: the names in a configuration.
services() { awk '/^[a-z]/ { inside = $1 == "services:" } inside && /^  [a-z-]+:$/ { sub(/:/, "", $1); print $1 }' | sort | tr '\n' ' '; }

# without_learners: a configuration without the services that may differ, sorted: Compose keeps no order of volumes.
without_learners() {
  awk '/^[a-z]/ { inside = $1 == "services:"; drop = 0 } inside && /^  [a-z-]+:$/ { drop = $1 ~ /^(learner|follower):/ } !drop' | sort
}

the_files_by_their_words() {
  expect "GPUs in the base file" "$(grep -ciE 'nvidia|gpu|devices:' "$root/docker-compose.yml")" 0
  expect "services of the override" "$(services <"$root/docker-compose.gpu.yml")" 'follower learner '
  local service
  for service in $(services <"$root/docker-compose.gpu.yml"); do
    expect "$service in the base file" "$(grep -c "^  $service:\$" "$root/docker-compose.yml")" 1
  done
}

dockerfiles_copy_what_there_is() {
  local file words word
  for file in "$root"/deploy/docker/Dockerfile "$root"/deploy/docker/Dockerfile.cuda; do
    while read -ra words; do
      for word in "${words[@]:1:${#words[@]}-2}"; do
        compgen -G "$root/$word" >/dev/null || expect "$file copies" "$word" "something that exists"
      done
    done < <(grep '^COPY ' "$file" | grep -v -- '--from=')
  done
  # Every folder of sources is in both images.
  expect "sources of the images" "$(grep -E '^COPY [a-z]+ [a-z]+$' "$root/deploy/docker/Dockerfile.cuda")" \
    "$(grep -E '^COPY [a-z]+ [a-z]+$' "$root/deploy/docker/Dockerfile" | grep -v '^COPY tests')"
}

compose_merges_them() {
  local compose=(docker-compose) base both
  command -v docker-compose >/dev/null || compose=(docker compose)
  if ! "${compose[@]}" version >/dev/null 2>&1; then
    echo "not asked: Compose is not installed"
    return
  fi
  export COMPOSE_PROFILES=followers
  base=$(cd "$root" && "${compose[@]}" -f docker-compose.yml config 2>&1) || expect "docker-compose.yml" "$base" "a valid file"
  both=$(cd "$root" && "${compose[@]}" -f docker-compose.yml -f docker-compose.gpu.yml config 2>&1) ||
    expect "both files" "$both" "valid files"
  expect "GPUs of the base file" "$(with_gpu <<<"$base")" ''
  expect "GPUs with the override" "$(with_gpu <<<"$both")" 'follower learner '
  expect "services with the override" "$(services <<<"$both")" "$(services <<<"$base")"
  expect "all but the learners" "$(without_learners <<<"$both")" "$(without_learners <<<"$base")"
  expect "images of the learners" "$(grep -c 'image: recbots-cuda:latest' <<<"$both")" 2
  # With one GPU for a container, every learner would be given the first one.
  expect "learners that see every GPU" "$(grep -cE '^ +(- )?count: (all|-1)$' <<<"$both")" 2
  # The override adds to a learner and takes nothing away.
  expect "commands" "$(grep -c 'recbots-learner --config=' <<<"$both")" 2
}

the_files_by_their_words
dockerfiles_copy_what_there_is
compose_merges_them
((num_failed == 0)) && echo "passed"
