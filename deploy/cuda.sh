# What deploy/run --cuda, tests/run cuda and the image for GPUs share: the wheels that hold LibTorch with CUDA, and whether
# this machine has a driver for it. Sourced by bash after setup.sh, not run.
# shellcheck shell=bash

# Where the wheels lie; cmake/torch.cmake looks there, too.
RECBOTS_CUDA_VENV=${RECBOTS_CUDA_VENV:-$RECBOTS_ROOT/build/cuda-venv}

# nvidia_driver: whether a driver of NVIDIA is there, by its files alone. Tests name another root for them.
nvidia_driver() {
  local root=${RECBOTS_TEST_MACHINE:-}
  [[ ! -e $root/proc/driver/nvidia/version ]] || return 0
  [[ -n $root ]] || ! command -v ldconfig >/dev/null || ! ldconfig -p 2>/dev/null | grep -q 'libcuda\.so\.1 ' || return 0
  return 1
}

# need_nvidia_driver: ends with code 2 where there is none, before anything large is downloaded.
need_nvidia_driver() {
  nvidia_driver || die 2 "no NVIDIA driver on this machine (neither /proc/driver/nvidia/version nor libcuda.so.1): install" \
    "one, or leave --cuda out to train on the processor; --cuda=build downloads 2.5 GB and builds all the same"
}

# install_wheels: installs deploy/cuda-wheels.txt; silent and without network where that was done.
install_wheels() {
  local list="$RECBOTS_ROOT/deploy/cuda-wheels.txt" stamp="$RECBOTS_CUDA_VENV/installed.txt"
  ! cmp -s "$list" "$stamp" || return 0
  say "installing LibTorch with CUDA into $RECBOTS_CUDA_VENV: 2.5 GB to download, 4 GB on the disk"
  python3 -m venv --clear "$RECBOTS_CUDA_VENV" >&2 || die 1 "python3 cannot make $RECBOTS_CUDA_VENV"
  "$RECBOTS_CUDA_VENV/bin/pip" install --disable-pip-version-check --no-input --no-cache-dir --quiet --no-deps \
    --requirement "$list" >&2 || die 1 "pip could not install what deploy/cuda-wheels.txt lists"
  cp "$list" "$stamp"
}

# torch_folder: where the wheel of LibTorch lies.
torch_folder() { printf '%s\n' "$RECBOTS_CUDA_VENV"/lib/python3*/site-packages/torch; }
