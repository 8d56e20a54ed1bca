#!/usr/bin/env bash
# usage: run_tests.sh BUILD_FOLDER [pytest option...]
# Builds the Python package from this tree into a fresh folder of Python packages under BUILD_FOLDER, and runs its tests. What the
# tests need beside it comes from PyPI: exit code 77, for skipped, where PyPI cannot be reached.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=${1:?usage: run_tests.sh BUILD_FOLDER [pytest option...]}/python_test
shift
python=${RECBOTS_PYTHON_INTERPRETER:-python3}
packages=(nanobind scikit-build-core pathspec 'numpy>=1.24' 'gymnasium>=1.1' 'grpcio>=1.51' 'protobuf>=4.21' 'pytest>=7')

rm -rf "$folder/venv"
mkdir -p "$folder"
"$python" -m venv "$folder/venv" || { echo "skipped: $python has no venv (Debian: python3-venv)"; exit 77; }
pip=("$folder/venv/bin/pip" --disable-pip-version-check --quiet --timeout 20 --retries 2)
if ! "${pip[@]}" install "${packages[@]}" >"$folder/pip.log" 2>&1; then
  # A package that cannot be installed is a fault where others can be had.
  if "${pip[@]}" download --no-deps --dest "$folder/probe" iniconfig >/dev/null 2>&1; then
    cat "$folder/pip.log"
    exit 1
  fi
  echo "skipped: PyPI cannot be reached, and the tests need ${packages[*]}"
  tail -n 3 "$folder/pip.log"
  exit 77
fi
# RecSim's own agents, without the TensorFlow that it asks for (deploy/python/tools/recsim_original.py). Tests that want more skip
# themselves.
"${pip[@]}" install --no-deps recsim==0.2.4 absl-py six >>"$folder/pip.log" 2>&1 || echo "without RecSim: it cannot be installed"
# The compiler cache makes a second build short.
if ! PATH="$folder/venv/bin:$PATH" CCACHE_BASEDIR="$root" \
  "${pip[@]}" install --no-build-isolation --no-deps --force-reinstall "$root/deploy/python" >"$folder/build.log" 2>&1; then
  tail -n 40 "$folder/build.log"
  exit 1
fi
cd "$folder"
exec "$folder/venv/bin/python" -m pytest -q -p no:cacheprovider "$root/tests/python" "$@"
