"""Roles with certificates and a token, read by Prometheus with its own copies (docs/security.md)."""
import os
import subprocess

from live_checks import ROOT, Process, Prometheus, await_that, free_port, want

CONFIG = os.path.join(ROOT, "deploy/config/browse.textproto")


def make_secrets(folder):
    """The commands of docs/security.md."""
    commands = """
      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem
      openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=recbots -keyout role.key -out role.csr
      echo 'subjectAltName=DNS:replay,DNS:localhost' > names.txt
      openssl x509 -req -in role.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 1 -extfile names.txt -out role.pem
      openssl rand -hex 32 > token"""
    subprocess.run(["bash", "-ec", commands], cwd=folder, check=True, capture_output=True, timeout=60)


def run(programs, folder):
    os.makedirs(folder, exist_ok=True)
    make_secrets(folder)
    secured = [f"--tls_cert={folder}/role.pem", f"--tls_key={folder}/role.key", f"--tls_ca={folder}/ca.pem",
               f"--token_file={folder}/token"]
    started = []
    try:
        replay, learner = free_port(), free_port()
        started.append(Process(f"{folder}/replay.log", f"{programs}/recbots-replay", f"--config={CONFIG}", "--http=127.0.0.1:0",
                               f"--listen=127.0.0.1:{replay}", *secured))
        started.append(Process(f"{folder}/learner.log", f"{programs}/recbots-learner", f"--config={CONFIG}", f"--run_dir={folder}/run",
                               f"--replay=localhost:{replay}", f"--http=127.0.0.1:{learner}", "--listen=127.0.0.1:0", *secured))
        # The certificates bear no address: want a name that they bear.
        prometheus = Prometheus(folder, f"127.0.0.1:{learner}", f"--token_file={folder}/token", f"--tls_ca={folder}/ca.pem",
                                "--server_name=replay")
        started.append(prometheus)
        await_that(lambda: prometheus.services() == {"replay": 1, "learner": 1},
                   lambda: f"processes that answer: {prometheus.services()}; {started[1].output()[-500:]}")
        with open(f"{folder}/token", encoding="utf-8") as token:
            want(token.read().strip() not in prometheus.output(), "Prometheus's output has the token")
    finally:
        for process in reversed(started):
            process.end()
