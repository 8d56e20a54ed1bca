"""docs/python-clients.md as it stands there: its commands, and its blocks of Python one after the other."""
import os
import re
import shlex
import signal
import subprocess
import sys

import pytest
from clients_support import BIN, PATIENCE, SOURCE, eventually, folder  # noqa: F401: fixtures

PAGE = SOURCE / "docs" / "python-clients.md"


def blocks():
    """(language, text) of each fenced block."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


class Shell:
    """Runs commands in a folder that looks like the root of the tree; those behind "&" until the end."""

    def __init__(self, folder):  # noqa: F811
        self.folder, self.running = folder, []
        (folder / "deploy").symlink_to(SOURCE / "deploy")
        self.environment = dict(os.environ, PATH=f"{BIN}:{os.environ['PATH']}", OMP_NUM_THREADS="1")

    def run(self, line):
        words = shlex.split(line.removesuffix("&"))
        words[0] = sys.executable if words[0] == "python3" else words[0]
        log = (self.folder / f"log{len(self.running)}").open("w+")
        process = subprocess.Popen(words, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT, env=self.environment,
                                   start_new_session=True)
        self.running.append(process)
        if not line.endswith("&"):
            code = process.wait(5 * PATIENCE)
            log.seek(0)
            assert code == 0, f"{line}: {code}\n{log.read()[-2000:]}"
            return (log.seek(0), log.read())[1]
        return ""

    def end(self):
        for process in self.running:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in self.running:
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture
def shell(folder):  # noqa: F811
    if not (BIN / "recbots").is_file():
        pytest.skip("RECBOTS_BIN is no folder with the programs of recbots")
    shell = Shell(folder)
    yield shell
    shell.end()


def commands(beginning):
    lines = [line for language, text in blocks() if not language for line in text.splitlines()]
    found = [line for line in lines if line.startswith(beginning)]
    assert found, f"{PAGE} shows no command that begins with {beginning!r}"
    return found


def test_blocks_of_python_run_as_they_stand(shell, monkeypatch):
    (shell.folder / "runs").mkdir()
    for line in commands("recbots cluster"):
        shell.run(line)
    run_dir = shell.folder / "runs" / "browse"
    for name in ("metrics.csv", "evaluations.jsonl", "learner.addresses", "replay.addresses"):
        eventually(lambda: (run_dir / name).exists() and (run_dir / name).read_text().count("\n") > 1, f"the run has {name}")
    monkeypatch.chdir(shell.folder)
    names = {}
    for language, text in blocks():
        if language == "python":
            exec(compile(text, str(PAGE), "exec"), names)
    assert names["batch"]["reward"].shape == (256,)
    assert names["weights"].version >= 3
    assert names["actor"].acknowledged_rows == 5


def test_the_learner_of_ones_own_runs_as_it_is_shown(shell):
    pytest.importorskip("torch")
    for line in commands("mkdir") + commands("recbots-"):
        shell.run(line)
    for line in commands("python3"):
        assert "goal reached" in shell.run(line)
