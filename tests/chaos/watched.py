"""A running cluster as seen from outside: its processes, its files, and what its learner says."""

import os
import pathlib
import re
import signal
import threading
import time

STATUS = re.compile(r"\] upd ([0-9.]+)([kMG]?) ")
RESUMED = re.compile(r"^resumed at update ([0-9,]+), ")
UNITS = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}
ROOT = pathlib.Path(__file__).resolve().parents[2]

# Checkpoints so often that little is done twice, and paces at which a run lasts as long as its faults.
SETTINGS = [
    "learner.checkpoint.interval_seconds=1", "replay.checkpoint.interval_seconds=2", "learner.status_seconds=0.2",
    "actor.max_steps_per_second=1000", "evaluator.every_updates=500", "goal.max_seconds=0",
]
# A run that ends when it is told to.
ENDLESS = ["goal.share_of_optimum=0", "goal.share_of_gap=0", "goal.max_env_steps=0", "goal.max_updates=0",
           "evaluator.episodes=200"]


def flags_of(settings):
    return [f"--set={s}" for s in settings]


class Watched:
    """`updates` is what the learner said last. What starts the roles is up to the classes made of this one."""

    def __init__(self, options):
        self.programs = pathlib.Path(options.programs).resolve()
        self.config = ROOT / "deploy/config" / f"{options.config}.textproto"
        self.run_dir = pathlib.Path(options.run_dir).resolve()
        self.settings = options.set
        self.clock = self.run_dir.parent / f"{self.run_dir.name}.clock"
        self.lines, self.updates, self.highest, self.resumed = [], 0, 0, []
        self.went_back = []  # (from, to): updates that were done again.
        self.complaints = []  # What did not hold while a fault lasted.
        self.change = threading.Condition()

    def complain(self, what):
        self.complaints.append(what)

    def set_flags(self, endless):
        """The settings of the run: those of the chaos, and those of its caller only where the run shall reach its goal."""
        return flags_of(SETTINGS + (ENDLESS if endless else self.settings))

    def environment(self):
        moved = self.programs.parent / "tests/integration/librecbots_moved_wall_clock.so"
        preload = {"LD_PRELOAD": str(moved)} if moved.exists() else {}
        return dict(os.environ, RECBOTS_WALL_CLOCK_OFFSET=str(self.clock), **preload)

    def listen_to(self, stream):
        """Reads what the learner prints, in a thread of its own, until the stream ends."""
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream):
        for line in stream:
            with self.change:
                self.lines.append(line.rstrip())
                resumed, status = RESUMED.match(line), STATUS.search(line)
                if resumed:
                    updates = int(resumed[1].replace(",", ""))
                    self.resumed.append(updates)
                    self.went_back.append((self.highest, updates))
                    self.updates = updates
                elif status:
                    self.updates = float(status[1]) * UNITS[status[2]]
                    self.highest = max(self.highest, self.updates)
                self.change.notify_all()

    def await_updates(self, above, seconds):
        """Whether the learner gets beyond `above` updates, or resumes and gets beyond that."""
        deadline = time.monotonic() + seconds
        with self.change:
            seen = len(self.resumed)
            while time.monotonic() < deadline:
                if len(self.resumed) > seen:
                    seen, above = len(self.resumed), self.resumed[-1]
                if self.updates > above:
                    return True
                self.change.wait(0.1)
        return False

    def pids(self, role=None):
        """Processes of the run, by what is written on their command line; those of one role only where it is given."""
        found = {}
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            program = os.path.basename(words[0].decode(errors="replace"))
            mine = f"--run_dir={self.run_dir}".encode() in words
            if mine and program.startswith("recbots") and ") Z " not in stat:
                if role is None or program == f"recbots-{role}":
                    found[int(entry.name)] = program
        return found

    def kill_processes(self):
        while self.pids():
            for pid in self.pids():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.02)

    def checkpoints(self):
        """Manifests of the run's checkpoints, the oldest first."""
        return sorted((self.run_dir / "checkpoints").glob("*.manifest"))
