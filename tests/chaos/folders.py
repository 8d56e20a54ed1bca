"""The folder of a run."""

import shutil


def make_empty(folder, fresh):
    """Whether `folder` is there and empty now. What lay in it is kept as FOLDER.previous if it is to be `fresh`."""
    if folder.exists() and any(folder.iterdir()):
        if not fresh:
            return False
        previous = folder.with_name(folder.name + ".previous")
        shutil.rmtree(previous, ignore_errors=True)
        folder.rename(previous)
    folder.mkdir(parents=True, exist_ok=True)
    return True
