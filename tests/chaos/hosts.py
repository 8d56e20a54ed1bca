"""The roles on machines of their own: a network namespace each, on one bridge, where links can be cut, slow and lossy.
Needs root, iproute2 and iptables. What dies is started again after half a second, as Compose does."""

import os
import shutil
import signal
import subprocess
import threading
import time

import watched

NET = "10.77.0"
NAMES = ["learner", "replay-0", "replay-1", "actor-0", "actor-1", "actor-2", "evaluator"]
REPLAY_PORT, LEARNER_PORT = 7001, 7002


def why_not():
    """What is missing for this, in words; empty where nothing is. Root in a container may lack the right to do it."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    missing = [tool for tool in ("ip", "tc", "iptables") if shutil.which(tool) is None]
    if missing:
        return f"{', '.join(missing)} is not installed"
    name = f"recbots-chaos-{os.getpid()}-try"
    tried = call("ip", "netns", "add", name, check=False)
    for words in (["ip", "link", "add", "bridge", "type", "bridge"], ["iptables", "-w", "-A", "INPUT", "-m", "statistic", "--mode",
                                                                "random", "--probability", "0.1", "-j", "DROP"]):
        if tried.returncode == 0:
            tried = call("ip", "netns", "exec", name, *words, check=False)
    call("ip", "netns", "delete", name, check=False)
    return "" if tried.returncode == 0 else f"this machine refuses: {tried.stderr.strip().splitlines()[0]}"


def call(*words, check=True):
    return subprocess.run(words, check=check, capture_output=True, text=True)


class Network:
    """One bridge in a namespace of its own, so that nothing of this machine's network is touched."""

    def __init__(self):
        self.prefix = f"recbots-chaos-{os.getpid()}"
        self.switch = f"{self.prefix}-switch"
        call("ip", "netns", "add", self.switch)
        self._in(self.switch, "ip", "link", "add", "bridge", "type", "bridge")
        self._in(self.switch, "ip", "link", "set", "bridge", "up")
        for number, name in enumerate(NAMES):
            host = self.namespace(name)
            call("ip", "netns", "add", host)
            self._in(self.switch, "ip", "link", "add", f"port{number}", "type", "veth", "peer", "name", "eth0", "netns",
                     host)
            self._in(self.switch, "ip", "link", "set", f"port{number}", "master", "bridge", "up")
            self._in(host, "ip", "address", "add", f"{self.address(name)}/24", "dev", "eth0")
            self._in(host, "ip", "link", "set", "eth0", "up")
            self._in(host, "ip", "link", "set", "lo", "up")
        self.has_netem = self._in(self.namespace(NAMES[0]), "tc", "qdisc", "add", "dev", "eth0", "root", "netem", "delay",
                                  "1ms", check=False).returncode == 0
        self.heal(NAMES[0])

    def namespace(self, name):
        return f"{self.prefix}-{name}"

    @staticmethod
    def address(name):
        return f"{NET}.{NAMES.index(name) + 1}"

    @staticmethod
    def _in(namespace, *words, check=True):
        return call("ip", "netns", "exec", namespace, *words, check=check)

    def drop(self, name, peer, share):
        """`name` loses this share of the packets from and to `peer`, or from and to everybody."""
        chance = ["-m", "statistic", "--mode", "random", "--probability", str(share)] if share < 1 else []
        for chain, way in (("INPUT", "-s"), ("OUTPUT", "-d")):
            of_peer = [way, self.address(peer)] if peer else ["!", "-i" if chain == "INPUT" else "-o", "lo"]
            self._in(self.namespace(name), "iptables", "-w", "-A", chain, *of_peer, *chance, "-j", "DROP")

    def slow_down(self, name):
        """What `name` sends takes its time: by a delay where the kernel has netem, otherwise by a slow line with a queue."""
        how = ["netem", "delay", "100ms", "20ms"] if self.has_netem else ["tbf", "rate", "4mbit", "burst", "32kb",
                                                                        "latency", "400ms"]
        self._in(self.namespace(name), "tc", "qdisc", "replace", "dev", "eth0", "root", *how)

    def heal(self, name):
        self._in(self.namespace(name), "iptables", "-w", "-F", check=False)
        self._in(self.namespace(name), "tc", "qdisc", "del", "dev", "eth0", "root", check=False)

    def close(self):
        for namespace in [self.namespace(name) for name in NAMES] + [self.switch]:
            call("ip", "netns", "delete", namespace, check=False)


class Hosts(watched.Watched):
    def __init__(self, options):
        super().__init__(options)
        self.network = Network()
        self.processes = {}  # name -> Popen
        self.endless, self.code = True, None
        self.lock = threading.Lock()
        self.supervised = False
        threading.Thread(target=self._supervise, daemon=True).start()

    def _flags(self, name):
        role = name.split("-")[0]
        address = self.network.address(name)
        flags = [f"--config={self.config}", f"--run_dir={self.run_dir}"] + self.set_flags(self.endless)
        if role == "replay":
            flags += [f"--listen={address}:{REPLAY_PORT}", f"--checkpoint_dir={self.run_dir}/replay"]
        if role == "learner":
            flags += [f"--listen={address}:{LEARNER_PORT}"]
        if role in ("learner", "actor"):
            shards = ",".join(f"{self.network.address(n)}:{REPLAY_PORT}" for n in NAMES if n.startswith("replay"))
            flags += [f"--replay={shards}"]
        if role in ("actor", "evaluator"):
            flags += [f"--learner={self.network.address('learner')}:{LEARNER_PORT}"]
        return role, flags

    def _start(self, name):
        role, flags = self._flags(name)
        command = ["ip", "netns", "exec", self.network.namespace(name), self.programs / f"recbots-{role}"] + flags
        log = open(self.run_dir.parent / f"{self.run_dir.name}.{name}.log", "a")
        is_learner = role == "learner"
        self.processes[name] = subprocess.Popen(command, stdout=subprocess.PIPE if is_learner else log,
                                                stderr=subprocess.STDOUT, text=True, env=self.environment(),
                                                start_new_session=True)
        log.close()
        if is_learner:
            self.listen_to(self.processes[name].stdout)

    def start(self, endless=True):
        with self.lock:
            self.clock.write_text("0")
            self.endless, self.code = endless, None
            for name in NAMES:
                self._start(name)
            self.supervised = True

    def _supervise(self):
        while True:
            time.sleep(0.5)
            with self.lock:
                if not self.supervised:
                    continue
                for name in NAMES:
                    code = self.processes[name].poll()
                    if code is None:
                        continue
                    if name == "learner" and code == 0 and not self.endless:
                        self.code = code
                        self.supervised = False
                        break
                    self.lines.append(f"{name} ended with code {code} and is started again")
                    self._start(name)

    def exit_code(self):
        return self.code

    def wait(self, seconds):
        deadline = time.monotonic() + seconds
        while self.code is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("the learner", seconds)
            time.sleep(0.1)
        self._end_roles(seconds)
        return self.code

    def end(self, seconds):
        # What the last fault has killed comes back first.
        deadline = time.monotonic() + seconds
        while any(p.poll() is not None for p in self.processes.values()) and time.monotonic() < deadline:
            time.sleep(0.1)
        with self.lock:
            self.supervised = False
        return self._end_roles(seconds)

    def _end_roles(self, seconds):
        """Workers first, so that what they hold still reaches the services; then the learner, then replay."""
        codes = []
        for roles in (("actor", "evaluator"), ("learner",), ("replay",)):
            ending = [p for n, p in self.processes.items() if n.split("-")[0] in roles]
            for process in ending:
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)
            codes += [process.wait(seconds) for process in ending]
        return max(codes, key=abs)

    def kill(self):
        with self.lock:
            self.supervised = False
            self.kill_processes()
            for process in self.processes.values():
                process.wait()

    def close(self):
        self.kill()
        self.network.close()
