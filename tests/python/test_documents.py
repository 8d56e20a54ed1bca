"""Every block of Python in docs/python.md runs, in order, in one program."""
import pathlib
import re
import subprocess
import sys

import pytest

DOCS = pathlib.Path(__file__).resolve().parent.parent.parent / "docs"


def blocks(path, language):
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_the_blocks_of_the_document_run():
    found = blocks(DOCS / "python.md", "python")
    assert len(found) >= 7
    done = subprocess.run([sys.executable, "-c", "\n".join(found)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "(1024, 10, 20)" in done.stdout and "'optimal'" in done.stdout


def test_the_blocks_for_sb3_run():
    pytest.importorskip("stable_baselines3")
    program = "import recbots\n" + "\n".join(blocks(DOCS / "python.md", "py")).replace("100_000", "8_192")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
