#!/bin/bash
# Runs the tests of the Python package's clients (tests/python/test_clients*.py) with a Python that has gRPC, Protobuf,
# NumPy and pytest: Debian's packages of section test, or RECBOTS_TEST_PYTHON. Exit code 77: there is none.
#   clients_test.sh FOLDER_WITH_PROGRAMS FOLDER_FOR_PYTHONPATH [options of pytest]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=
for candidate in "${RECBOTS_TEST_PYTHON:-}" /usr/bin/python3 python3; do
  if [[ -n $candidate ]] && "$candidate" -c 'import google.protobuf, grpc, numpy, pytest' 2>/dev/null; then
    python=$candidate
    break
  fi
done
if [[ -z $python ]]; then
  echo "no Python with grpcio, protobuf, numpy and pytest: the tests of the Python clients are skipped"
  exit 77
fi
RECBOTS_BIN=$(realpath "$1") PYTHONPATH=$(realpath "$2")
shift 2
export RECBOTS_BIN PYTHONPATH RECBOTS_SOURCE=${here%/tests/python} PYTHONDONTWRITEBYTECODE=1
exec "$python" -m pytest -q -p no:cacheprovider "$@" "$here"/test_clients*.py
