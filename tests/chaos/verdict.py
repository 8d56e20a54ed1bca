"""Whether a cluster has stood what was done to it."""

import json
import statistics
import subprocess
import time


SLOW = 10  # Seconds.


class Verdict:
    def __init__(self, patience):
        self.patience = patience
        self.recoveries, self.failures = [], []
        self.value = None  # Of the policy that the run ended with.

    def fail(self, what):
        print(f"FAILED: {what}", flush=True)
        self.failures.append(what)

    def take_complaints(self, run):
        while run.complaints:
            self.fail(run.complaints.pop())

    def expect_progress(self, run, after, updates):
        self.take_complaints(run)
        begin = time.monotonic()
        if run.await_updates(updates, self.patience):
            self.recoveries.append(time.monotonic() - begin)
            if self.recoveries[-1] > SLOW:
                print(f"training went on {self.recoveries[-1]:.1f} s after {after}; the learner's last lines: {run.lines[-3:]}",
                      flush=True)
        elif run.exit_code() is not None:
            self.fail(f"the cluster ended with code {run.exit_code()} after {after}: {run.lines[-3:]}")
            run.kill()
            run.start()
        else:
            self.fail(f"training did not go on within {self.patience:g} s after {after}: {run.lines[-3:]}")

    def expect_end(self, run):
        """The run ends in order, reaches the goal of its configuration, and leaves nothing behind."""
        if run.end(120) not in (0, 130):
            self.fail(f"the run did not end in order: {run.lines[-3:]}")
        if run.pids():
            self.fail(f"processes are left: {run.pids()}")
        run.start(endless=False)
        try:
            if run.wait(300) != 0:
                self.fail(f"the goal was not reached: {run.lines[-3:]}")
        except subprocess.TimeoutExpired:
            self.fail(f"the goal was not reached in 300 s: {run.lines[-3:]}")
            return
        report = json.loads((run.run_dir / "report.json").read_text())
        if not report["goal_reached"] or not report["weights_saved"]:
            self.fail(f"the report does not say that the goal was reached: {report}")
        self.value = report["value"]
        for line in run.lines:
            if " nan" in line or "diverged" in line:
                self.fail(f"something is no number: {line}")
        self.expect_rows_once(run)
        self.expect_growing_curve(run)

    def expect_rows_once(self, run):
        """Every user is played once, so that no two rows are the same; a row that is there twice was stored twice."""
        rows = []
        for shard in sorted(run.run_dir.glob("replay/shard-*")):
            dump = subprocess.run([run.programs / "recbots", "inspect", shard, "--dump=all"], capture_output=True, text=True)
            if dump.returncode != 0:
                self.fail(f"{shard.name} cannot be read: {dump.stderr}")
            rows += dump.stdout.splitlines()
        print(f"rows in replay: {len(rows)}", flush=True)
        if not rows:
            self.fail("replay holds no rows")
        if "candidates" in json.loads(rows[0] if rows else "{}") and len(set(rows)) < len(rows):
            self.fail(f"{len(rows) - len(set(rows))} rows are in replay twice")

    def expect_growing_curve(self, run):
        last = -1
        for line in (run.run_dir / "evaluations.jsonl").read_text().splitlines():
            updates = json.loads(line)["updates"]
            if updates < last:
                self.fail(f"the learning curve goes back from {last} to {updates} updates")
            last = updates

    def expect_value(self, undisturbed):
        """What was learnt is worth as much as without faults, within 1 %."""
        if self.value is None or undisturbed is None:
            return
        print(f"value at the end: {self.value:.5g}, of a run without faults {undisturbed:.5g}", flush=True)
        if self.value < 0.99 * undisturbed:
            self.fail(f"the value at the end is {self.value:.5g}, of a run without faults {undisturbed:.5g}")

    def summary(self, plan):
        kinds = {}
        for fault in plan:
            kinds[fault.kind] = kinds.get(fault.kind, 0) + 1
        print("faults: " + ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))
        if self.recoveries:
            print(f"training went on after {statistics.median(self.recoveries):.1f} s (median), "
                  f"{max(self.recoveries):.1f} s (worst)")
        print(f"{len(plan)} faults, {len(self.failures)} failures")
        return 1 if self.failures else 0
