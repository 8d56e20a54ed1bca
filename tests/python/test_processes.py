"""Threads, fork, spawn, and memory over a million steps."""
import gc
import multiprocessing
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import recbots


def play(seed, steps=50):
    """The sum of the rewards of 64 users, and the bits of the last observation."""
    env = recbots.VectorEnv("interest_evolution", 64)
    env.reset(seed=seed)
    actions = np.tile([0, 1, 2], (64, 1))
    total = 0.0
    for _ in range(steps):
        observation, reward, *_ = env.step(actions)
        total += float(reward.sum())
    return total, observation["user"].tobytes()


def play_and_put(queue, seed):
    queue.put(play(seed))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_works_in_other_processes(method):
    expected = play(3)  # Before the fork: the child has an extension that has been used.
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    process = context.Process(target=play_and_put, args=(queue, 3))
    process.start()
    try:
        assert queue.get(timeout=120) == expected
    finally:
        process.join(timeout=60)
        if process.is_alive():
            process.kill()
    assert process.exitcode == 0


def test_an_environment_per_thread():
    expected = [play(seed) for seed in range(4)]
    results = [None] * 4

    def run(i):
        results[i] = play(i)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert results == expected


def test_two_threads_in_one_environment_are_refused_or_take_turns():
    env = recbots.VectorEnv("interest_evolution", 4096)
    env.reset(seed=1)
    actions = np.tile([0, 1, 2], (4096, 1))
    faults, steps = [], []

    def run():
        for _ in range(40):
            try:
                env.step(actions)
                steps.append(1)
            except RuntimeError as error:
                faults.append(str(error))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert len(steps) + len(faults) == 120 and steps
    assert all("another thread is using this environment" in fault for fault in faults)


def test_the_lock_of_python_is_released_while_users_step():
    """A thread counts a thousand within one call. Where the call kept the lock, it could count a few around it at most."""
    env = recbots.VectorEnv("interest_evolution", 1 << 15, copy=False)
    env.reset(seed=1)
    actions = np.tile([0, 1, 2], (1 << 15, 1))
    counted, stop = [0], threading.Event()

    def count():
        while not stop.is_set():
            counted[0] += 1

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # Turns around a call are short.
    thread = threading.Thread(target=count)
    most = 0
    try:
        thread.start()
        deadline = time.monotonic() + 120
        while most < 1000 and time.monotonic() < deadline:
            before = counted[0]
            env.step(actions)
            most = max(most, counted[0] - before)
    finally:
        sys.setswitchinterval(interval)
        stop.set()
        thread.join(timeout=60)
    assert most >= 1000


def resident_kilobytes():
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def test_memory_is_flat_over_a_million_steps():
    env, single = recbots.VectorEnv("interest_evolution", 64), recbots.Env("browse")
    env.reset(seed=1)
    single.reset(seed=1)
    actions = np.tile([0, 1, 2], (64, 1))
    held = []

    def run(calls):
        for call in range(calls):
            result = env.step(actions)
            if call % 100 == 0:
                held.append(result)
                del held[:-10]
            *_, terminated, truncated, info = single.step(call % 10)
            if terminated or truncated:
                single.reset(seed=call if call % 7 == 0 else None)

    run(2000)
    gc.collect()
    before = resident_kilobytes()
    run(15000)  # 960,000 steps of the batch, and 15,000 of the one.
    gc.collect()
    assert resident_kilobytes() - before < 4096


def test_a_signal_ends_the_measuring_of_references():
    program = ("import recbots, sys; env = recbots.Env('interest_evolution'); print('measuring', flush=True); "
               "env.references(episodes=10**9)")
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"measuring\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert b"KeyboardInterrupt" in errors
    assert process.returncode in (1, -signal.SIGINT, 130)


def test_objects_are_released():
    """Environments that go take their memory along."""
    def make():
        env = recbots.VectorEnv("interest_evolution", 4096)
        env.reset(seed=1)
        env.step(np.tile([0, 1, 2], (4096, 1)))

    make()
    gc.collect()
    before = resident_kilobytes()
    for _ in range(20):
        make()
    gc.collect()
    assert resident_kilobytes() - before < 20000  # Each takes more than 10 MB.
