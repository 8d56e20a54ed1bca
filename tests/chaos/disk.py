"""A run directory on a disk of its own, which is small and can be filled."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import time

BYTES = 256 << 20

AnyDisk = contextlib.nullcontext


def why_not():
    """What is missing for this, in words; empty where nothing is."""
    return "" if os.geteuid() == 0 else "a small disk needs root"


class SmallDisk:
    """Mounted over `folder`, which exists. What is on it at the end is left in `folder`."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()

    def __enter__(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={BYTES}", "tmpfs", self.folder], check=True)
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
