#!/usr/bin/env python3
"""What looking on costs: rows per CPU second of recbots.Replay, and what a learner loses meanwhile. Prints a line of JSON for
each figure, as recbots bench does. No test: figures depend on the machine.

    RECBOTS_BIN=build/release/bin PYTHONPATH=build/release/python tests/python/measure_clients.py
"""
import argparse
import json
import pathlib
import tempfile
import time

import clients_support
import numpy as np
from test_clients_replay import CONFIG, rows

import recbots


def say(metric, value, unit, better="higher"):
    print(json.dumps({"bench": "python_clients", "metric": metric, "value": round(value, 4), "unit": unit, "better": better}),
          flush=True)


def best_rate(draw, n, seconds, windows=5):
    """Rows per CPU second of this process, in the best of several windows."""
    draw(50)
    rates = []
    for _ in range(windows):
        cpu, wall, count = time.process_time(), time.monotonic(), 0
        while time.monotonic() - wall < seconds / windows:
            draw(20)
            count += 20 * n
        rates.append(count / (time.process_time() - cpu))
    return max(rates)


def measure_sample(folder, seconds):
    (folder / "config.textproto").write_text(CONFIG)
    role = clients_support.Role(folder, "recbots-replay", f"--config={folder}/config.textproto", f"--run_dir={folder}",
                                "--listen=127.0.0.1:0")
    try:
        with recbots.Replay(role.address(), table="free", timeout=60) as replay:
            for i in range(10):
                replay.insert(rows(i * 10_000, 10_000))
            for n in (256, 1024):
                def one_by_one(count):
                    for _ in range(count):
                        replay.sample(n)
                say(f"sample_{n}x400", best_rate(one_by_one, n, seconds), "rows/cpu_s")
                batches = replay.batches(n, ahead=8)

                def ahead(count):
                    for _ in range(count):
                        next(batches)
                say(f"batches_{n}x400", best_rate(ahead, n, seconds), "rows/cpu_s")
                batches.close()
            packed = replay.schema.pack(rows(0, 10_000))
            cpu = time.process_time()
            for _ in range(10):
                replay.insert(packed)
            say("insert_400", 100_000 / (time.process_time() - cpu), "rows/cpu_s")
    finally:
        role.end()


def measure_learner(folder, seconds, pairs, rows_per_second, busy):
    """Updates per second of a learner, by turns alone and with a reader beside it; the error is that of a bootstrap."""
    run_dir = folder / "run"
    role = clients_support.Role(folder, "recbots", "cluster", "deploy/config/interest_evolution.textproto",
                                f"--run_dir={run_dir}", "--keep", "--quiet", "--set=goal.max_env_steps=0",
                                "--set=goal.max_updates=100000000", "--set=evaluator.every_updates=1000000000",
                                "--set=learner.status_seconds=1")
    try:
        learner = clients_support.eventually(lambda: (run_dir / "learner.addresses").exists(), "the learner serves")
        learner = recbots.Learner(f"unix:{run_dir}/learner.sock", timeout=60)
        replay = recbots.Replay(f"unix:{run_dir}/replay-0.sock", timeout=60)
        clients_support.eventually(lambda: learner.status()["updates"] > 2000, "the learner trains")

        def fresh():
            """The status at the end of the present period: its counters are those of that moment."""
            before = learner.status()["sequence"]
            return clients_support.eventually(lambda: (now := learner.status())["sequence"] != before and now, "a status")

        def rate(read):
            first, begin, drawn = fresh(), time.monotonic(), 0
            while time.monotonic() - begin < seconds:
                if drawn < (time.monotonic() - begin) * rows_per_second and (read or busy):
                    if read:
                        replay.sample(256)
                    else:  # As much of the processor as a batch takes, from nobody but the machine.
                        until = time.process_time() + 256 / 1e6
                        while time.process_time() < until:
                            pass
                    drawn += 256
                else:
                    time.sleep(0.002)
            last = fresh()
            read_rows.append(drawn / seconds if read else 0)
            return last["updates"] - first["updates"], last["wall_seconds"] - first["wall_seconds"]
        read_rows, alone, beside = [], [], []
        for i in range(pairs):
            # ABBA, so that a drift of the machine cancels.
            both = [rate(read) for read in ((False, True) if i % 2 == 0 else (True, False))]
            alone.append(both[i % 2])
            beside.append(both[1 - i % 2])
        info = replay.info()["tables"][0]
        alone, beside = np.array(alone), np.array(beside)

        def ratio(chosen):
            quiet, busy = alone[chosen].sum(axis=0), beside[chosen].sum(axis=0)
            return float(busy[0] / busy[1] / (quiet[0] / quiet[1]))
        draw, everything = np.random.default_rng(1), np.arange(pairs)
        again = [ratio(draw.choice(everything, pairs)) for _ in range(1000)]
        say("learner_alone", float(alone[:, 0].sum() / alone[:, 1].sum()), "updates/s")
        say("reader", 2 * float(np.mean(read_rows)), "rows/s")
        say("learner_beside_reader", ratio(everything), "ratio")
        say("learner_beside_reader_standard_error", float(np.std(again)), "ratio", "lower")
        say("observed", info["counters"].get("observed", 0), "rows")
    finally:
        role.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--rows_per_second", type=float, default=20_000, help="of the reader beside the learner")
    parser.add_argument("--busy", action="store_true", help="alone, the learner has a process beside it that takes as much of "
                        "the processor: where cores are few, this shows what replay itself loses")
    parser.add_argument("--only", choices=("sample", "learner"))
    args = parser.parse_args()
    for name, measure in (("sample", lambda folder: measure_sample(folder, args.seconds)),
                          ("learner", lambda folder: measure_learner(folder, args.seconds, args.pairs, args.rows_per_second,
                                                              args.busy))):
        if args.only in (None, name):
            with tempfile.TemporaryDirectory(prefix="rb") as folder:
                measure(pathlib.Path(folder))


if __name__ == "__main__":
    main()
