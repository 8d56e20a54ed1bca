"""What happens to a cluster: the plan of a seed, and how each fault is committed."""

import dataclasses
import os
import random
import signal
import time

ROLES = ["learner", "replay", "actor", "evaluator"]


@dataclasses.dataclass(frozen=True)
class Fault:
    at: float  # Seconds from the start of the faults.
    kind: str
    role: str = ""
    seconds: float = 0  # How long it lasts.
    draw: int = 0  # Chooses one of several processes, files or bytes.

    def __str__(self):
        lasts = f" for {self.seconds:.1f} s" if self.seconds else ""
        return f"{self.kind}{' ' + self.role if self.role else ''}{lasts}"


# Kind -> how often it comes.
KINDS = {"kill": 8, "stop": 3, "terminate": 3, "kill all": 2, "shard gone": 0.3, "cut checkpoint": 2, "flip checkpoint": 2,
         "old manifest": 1, "damage rows": 1, "move clock": 2, "lost disk": 1}
# Those that need a disk that can be filled, and those that need hosts of their own.
OF_A_SMALL_DISK = {"full disk": 2}
OF_A_NETWORK = {"cut link": 3, "lossy link": 2, "slow link": 2, "cut host": 2}
# Between whom there are links.
LINKS = [("learner", "replay-0"), ("learner", "replay-1"), ("actor-0", "learner"), ("actor-1", "replay-0"),
         ("actor-2", "replay-1"), ("evaluator", "learner")]
# Kind -> shortest and longest time that it lasts, in seconds.
LASTS = {"stop": (5, 20), "shard gone": (60, 60), "lost disk": (5, 5), "full disk": (3, 8), "cut link": (3, 12),
         "lossy link": (3, 12), "slow link": (3, 12), "cut host": (3, 12)}


def plan(seed, seconds, kinds):
    draws = random.Random(seed)
    faults, at = [], 0.0
    while True:
        at += draws.uniform(1, 3)
        if at >= seconds:
            return faults
        kind = draws.choices(list(kinds), list(kinds.values()))[0]
        role = draws.choice(ROLES) if kind in ("kill", "stop", "terminate") else ""
        lasts = draws.uniform(*LASTS[kind]) if kind in LASTS else 0.0
        # A fault that lasts takes its time from the plan.
        faults.append(Fault(at, kind, role, lasts, draws.randrange(1 << 30)))
        at += lasts


def one_of(processes, draw):
    pids = sorted(processes)
    return pids[draw % len(pids)] if pids else None


def send(pid, number):
    if pid is None:
        return
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def restart_learner(run):
    send(one_of(run.pids("learner"), 0), signal.SIGKILL)


def commit(fault, run):
    """Does it, and waits until it is over. Returns the updates that training has to get beyond."""
    if fault.kind in ("kill", "terminate"):
        send(one_of(run.pids(fault.role), fault.draw), signal.SIGKILL if fault.kind == "kill" else signal.SIGTERM)
    elif fault.kind == "stop":
        pid = one_of(run.pids(fault.role), fault.draw)
        send(pid, signal.SIGSTOP)
        time.sleep(fault.seconds)
        send(pid, signal.SIGCONT)
    elif fault.kind == "shard gone":
        lose_shard(fault, run)
    elif fault.kind in OF_A_NETWORK:
        disturb_link(fault, run)
    elif fault.kind == "full disk":
        run.disk.fill(fault.seconds)
    elif fault.kind == "kill all":
        run.kill()
        run.start()
    elif fault.kind == "move clock":
        run.clock.write_text(str(fault.draw % 3 * 3600 - 3600))
    elif fault.kind == "lost disk":
        lose_disk(fault, run)
    else:
        damage(fault, run)
    return run.updates


def lose_shard(fault, run):
    """A shard stands still; training goes on with the other one, which is looked at before the shard comes back."""
    pid = one_of(run.pids("replay"), fault.draw)
    send(pid, signal.SIGSTOP)
    time.sleep(fault.seconds / 2)
    before = run.updates
    went_on = run.await_updates(before, fault.seconds / 2)
    send(pid, signal.SIGCONT)
    if not went_on:
        run.complain(f"training stood still while one of two shards was gone for {fault.seconds:.0f} s")


def disturb_link(fault, run):
    name, peer = LINKS[fault.draw % len(LINKS)]
    if fault.kind == "cut link":
        run.network.drop(name, peer, 1)
    elif fault.kind == "lossy link":
        run.network.drop(name, peer, 0.1)
    elif fault.kind == "slow link":
        run.network.slow_down(name)
    else:
        run.network.drop(name, None, 1)
    time.sleep(fault.seconds)
    run.network.heal(name)


def lose_disk(fault, run):
    """Nothing can be written to the checkpoints of the run for a while."""
    folder = run.run_dir / "checkpoints"
    aside = run.run_dir / "checkpoints.aside"
    if not folder.exists():
        return
    folder.rename(aside)
    folder.write_text("")  # A file in its place: every write fails.
    time.sleep(fault.seconds)
    folder.unlink()
    aside.rename(folder)


def damage(fault, run):
    manifests = run.checkpoints()
    if fault.kind == "damage rows":
        files = sorted(run.run_dir.glob("replay/shard-*/manifest-*"))
        if files:
            flip(files[-1], fault.draw)
            send(one_of(run.pids("replay"), fault.draw), signal.SIGKILL)
        return
    if len(manifests) < 2:
        return
    newest = manifests[-1] if fault.draw % 2 else manifests[-1].with_suffix(".state")
    if fault.kind == "old manifest":
        newest = manifests[-1]
    try:
        content = newest.read_bytes()
        if fault.kind == "cut checkpoint":
            newest.write_bytes(content[:fault.draw % max(1, len(content))])
        elif fault.kind == "flip checkpoint":
            flip(newest, fault.draw)
        else:
            newest.write_bytes(manifests[0].read_bytes())
    except FileNotFoundError:
        pass  # It was too old in the meantime.
    restart_learner(run)


def flip(path, draw):
    content = bytearray(path.read_bytes())
    if content:
        content[draw % len(content)] ^= 1 << draw % 8
        path.write_bytes(bytes(content))
