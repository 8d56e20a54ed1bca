#!/usr/bin/env bash
# usage: cuda_libraries_test.sh TORCH_DIR WITH_CUDA PROGRAM
# A program with LibTorch of a wheel has one LibTorch, one Protobuf and one Abseil in it, WITH_CUDA (1) also the libraries for
# GPUs; and LibTorch keeps the Protobuf that it brings to itself. Needs no GPU.
set -uo pipefail

torch=${1:?usage: cuda_libraries_test.sh TORCH_DIR WITH_CUDA PROGRAM} with_cuda=$2 program=$3
num_failed=0

fail() {
  printf 'FAILED %s\n' "$*"
  num_failed=$((num_failed + 1))
}

libraries=$(ldd "$program") || fail "ldd $program"
missing=$(grep 'not found' <<<"$libraries")
[[ -z $missing ]] || fail "libraries are missing: $missing"

# files PATTERN: the different files behind the libraries whose names match.
files() { awk -v name="$1" '$1 ~ name && $3 ~ /^\// { print $3 }' <<<"$libraries" | xargs -r readlink -f | sort -u; }

for name in '^libprotobuf[.]so' '^libtorch_cpu[.]so' '^libc10[.]so' '^libgrpc[.]so'; do
  found=$(files "$name")
  [[ -n $found && $found != *$'\n'* ]] || fail "want one library called $name, there are: ${found:-none}"
done
# Abseil is many libraries: each once, all from one build.
abseil=$(files '^libabsl_')
versions=$(sed 's/.*[.]so[.]//' <<<"$abseil" | sort -u)
[[ -n $abseil && $versions != *$'\n'* ]] || fail "want one Abseil, there are: ${versions:-none}"
folders=$(xargs -r -n 1 dirname <<<"$abseil" | sort -u)
[[ $folders != *$'\n'* ]] || fail "want Abseil from one folder, there are: $folders"

[[ $(files '^libtorch_cpu[.]so') == "$(readlink -f "$torch/lib/libtorch_cpu.so")" ]] || fail "LibTorch is not that of $torch"
needed=$(readelf -d "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
# LibTorch shows parts of a C++ library of its own; programs take what comes first.
first=$(grep -E '^lib(stdc[+][+]|torch|torch_cpu|c10)[.]so' <<<"$needed" | head -n 1)
[[ $first == libstdc++.so.6 ]] || fail "$first comes before libstdc++.so.6: std::filesystem would be LibTorch's"
if [[ $with_cuda == 1 ]]; then
  # Named by the program itself: nothing else would load them.
  for name in libtorch_cuda.so libc10_cuda.so; do
    grep -qx "$name" <<<"$needed" || fail "the program does not load $name: it would know no GPU"
  done
  [[ $(files '^libcudart[.]so' | wc -l) == 1 ]] || fail "want one libcudart.so, there are: $(files '^libcudart[.]so')"
fi

# Of LibTorch's own Protobuf and of an Abseil others see nothing that they could call instead of theirs. (Messages of ONNX are
# its own, and three functions that swap bytes are the same in every version.)
seen=$(nm -D --defined-only "$torch/lib/libtorch_cpu.so" | awk '{ print $3 }' | grep -E '^_Z(T[VIS])?NK?(6google8protobuf|4absl)' |
  grep -vE 'onnx_torch|8byteswap')
[[ -z $seen ]] || fail "LibTorch shows: $(head -n 3 <<<"$seen")"

# All of it starts together in one process.
"$program" --help >/dev/null || fail "$program --help"
((num_failed == 0)) && echo "passed"
