"""Roles of recbots for tests of the Python package. RECBOTS_BIN: the folder with the programs; RECBOTS_SOURCE: the tree."""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

BIN = pathlib.Path(os.environ.get("RECBOTS_BIN", ""))
SOURCE = pathlib.Path(os.environ.get("RECBOTS_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
PATIENCE = 60.0  # Generous: a test that waits for this long has failed.


def eventually(condition, what, patience=PATIENCE):
    """Looks until condition() holds, for what offers nothing to wait for; returns its value."""
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {patience:g} s: {what}"
        time.sleep(0.02)


class Role:
    """A program of recbots with a run directory. It ends with the test."""

    def __init__(self, directory, program, *arguments, log=None):
        self.directory = pathlib.Path(directory)
        self.program = program
        self.log = self.directory / (log or f"{program}.out")
        with self.log.open("ab") as out:
            self.process = subprocess.Popen([BIN / program, *arguments], stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=subprocess.STDOUT, cwd=SOURCE, start_new_session=True)

    def address(self, what="grpc"):
        """Of a role that writes its addresses to --run_dir."""
        path = self.directory / (self.program.removeprefix("recbots-") + ".addresses")

        def find():
            assert self.process.poll() is None, f"{self.program} has ended: {self.text()}"
            lines = path.read_text().splitlines() if path.exists() else []
            return next((line.split(" ", 1)[1] for line in lines if line.startswith(what + " ")), None)
        return eventually(find, f"{self.program} writes the address of {what}")

    def text(self):
        return self.log.read_text(errors="replace")[-4000:]

    def end(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        return self.process.returncode


@pytest.fixture
def folder():
    """A folder whose name is short enough for sockets."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="rb"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def start(folder):
    """start("recbots-replay", "--flag", ...): a Role in `folder`."""
    if not (BIN / "recbots-replay").is_file():
        pytest.skip("RECBOTS_BIN is no folder with the programs of recbots")
    roles = []

    def begin(program, *arguments, log=None):
        roles.append(Role(folder, program, *arguments, log=log))
        return roles[-1]
    yield begin
    for role in reversed(roles):
        role.end()


@pytest.fixture
def certificates(folder):
    """ca.pem, and peer.pem with peer.key, which it signs for localhost and 127.0.0.1."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not there")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test", "-keyout", "ca.key", "-out",
            "ca.pem")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=peer", "-keyout", "peer.key", "-out", "peer.csr")
    openssl("x509", "-req", "-in", "peer.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", "peer.pem")
    return folder
