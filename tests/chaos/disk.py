"""A run directory on a disk of its own, which is small and can be filled."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

BYTES = 256 << 20

AnyDisk = contextlib.nullcontext


def why_not():
    """What is missing for this, in words; empty where nothing is. Root in a container may lack the right to do it."""
    if os.geteuid() != 0:
        return "a small disk needs root"
    with tempfile.TemporaryDirectory() as folder:
        tried = mount(folder)
        if tried.returncode == 0:
            subprocess.run(["umount", folder], check=False)
    return "" if tried.returncode == 0 else f"this machine refuses: {tried.stderr.strip().splitlines()[0]}"


def mount(folder):
    return subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={BYTES}", "tmpfs", folder], check=False,
                          capture_output=True, text=True)


class SmallDisk:
    """Mounted over `folder`, which exists. What is on it at the end is left in `folder`."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()

    def __enter__(self):
        mounted = mount(self.folder)
        if mounted.returncode != 0:
            raise OSError(f"cannot mount a small disk over {self.folder}: {mounted.stderr.strip()}")
        return self

    def fill(self, seconds):
        """Leaves no byte to be written for this long."""
        filler = self.folder / "filler"
        deadline = time.monotonic() + seconds
        try:
            with open(filler, "wb", buffering=0) as file:
                while time.monotonic() < deadline:
                    try:
                        file.write(bytes(1 << 16))
                    except OSError:
                        time.sleep(0.01)  # What others free is taken as well.
        finally:
            filler.unlink()

    def __exit__(self, *_):
        kept = self.folder.with_name(self.folder.name + ".kept")
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self.folder, kept, ignore=shutil.ignore_patterns("*.sock"), ignore_dangling_symlinks=True)
        subprocess.run(["umount", "--lazy", self.folder], check=False)
        shutil.rmtree(self.folder)
        kept.rename(self.folder)
