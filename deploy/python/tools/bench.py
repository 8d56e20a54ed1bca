#!/usr/bin/env python3
"""Speed of the simulator from Python: steps of all users for a second of processor time, best of several windows.

usage: python deploy/python/tools/bench.py [--seconds=1] [--windows=5] [--output=FILE]

Compared in one process and by turns: a loop in C++ (that of `recbots bench env`), recbots.VectorEnv in its modes, one user in
recbots.Env, Gymnasium's SyncVectorEnv of such users, RecSim's interface, RecSim itself and EnvPool's CartPole where they are installed.
"""
import argparse
import json
import os
import time

import gymnasium as gym
import numpy as np

import recsim_original

import recbots
from recbots import _sim

# Name -> configuration and settings: the cases of `recbots bench env`.
SCENARIOS = {
    "browsing": ("browse", ["environment.document_browsing={}"]),
    "interest_evolution": ("interest_evolution", ["environment.history="]),
}
PREPARED = 64  # Slates drawn before, so that the drawing is not measured.


def actions_of(env, num_envs):
    rng = np.random.default_rng(1)
    n, k = env.parameters["candidates"], env.parameters["slate_size"]
    drawn = np.argsort(rng.random((PREPARED, num_envs, n)), axis=2)[:, :, :k].astype(np.int32)
    return list(np.ascontiguousarray(drawn if k > 1 else drawn[:, :, 0]))


def native(num_envs, simulation):
    def run(seconds):
        rate = _sim.native_rate(simulation, num_envs, seconds)
        return rate["steps"] / rate["cpu_seconds"]
    return run


def stepping(step, actions, steps_per_call):
    """Steps a processor second of calling step with each of the actions by turns."""
    def run(seconds):
        calls, end, cpu = 0, time.monotonic() + seconds, time.process_time()
        while time.monotonic() < end:
            for action in actions:
                step(action)
            calls += len(actions)
        return calls * steps_per_call / (time.process_time() - cpu)
    return run


def vector(scenario, num_envs, **arguments):
    config, overrides = SCENARIOS[scenario]
    env = recbots.VectorEnv(config, num_envs, overrides, **arguments)
    env.reset(seed=1)
    actions = actions_of(env, num_envs)
    if env.metadata["autoreset_mode"].value != "Disabled":
        return stepping(env.step, actions, num_envs)

    def step(action):
        *_, info = env.step(action)
        if "_episode" in info:
            env.reset(options={"reset_mask": info["_episode"]})
    return stepping(step, actions, num_envs)


def single(scenario):
    config, overrides = SCENARIOS[scenario]
    env = recbots.Env(config, overrides)
    env.reset(seed=1)
    actions = [action[0] if action.ndim > 1 else int(action[0]) for action in actions_of(env, 1)]

    def step(action):
        _, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            env.reset()
    return stepping(step, actions, 1)


def sync_vector(scenario, num_envs):
    config, overrides = SCENARIOS[scenario]
    env = gym.vector.SyncVectorEnv([lambda: recbots.Env(config, overrides)] * num_envs)
    env.reset(seed=1)
    return stepping(env.step, actions_of(env.envs[0], num_envs), num_envs)


def recsim(create_environment):
    env = create_environment({"num_candidates": 10, "slate_size": 3, "resample_documents": True, "seed": 1})
    env.reset()

    def step(action):
        if env.step(action)[2]:
            env.reset()
    return stepping(step, [[0, 1, 2], [4, 2, 9], [7, 8, 3]], 1)


def envpool(num_envs):
    try:
        import envpool as library
    except ImportError:
        return None
    env = library.make("CartPole-v1", env_type="gymnasium", num_envs=num_envs, num_threads=1)
    env.reset()
    rng = np.random.default_rng(1)
    return stepping(env.step, list(rng.integers(2, size=(PREPARED, num_envs))), num_envs)


def cases(num_envs):
    """Name -> what measures it."""
    made = {}
    for scenario, (config, overrides) in SCENARIOS.items():
        simulation = _sim.load(recbots.experiments.find(config), overrides)
        made[f"{scenario}/native"] = native(num_envs, simulation)
        made[f"{scenario}/vector"] = vector(scenario, num_envs)
        made[f"{scenario}/vector_shared"] = vector(scenario, num_envs, copy=False)
        made[f"{scenario}/vector_flat"] = vector(scenario, num_envs, observation="flat")
        made[f"{scenario}/vector_next_step"] = vector(scenario, num_envs, autoreset_mode="NextStep")
        made[f"{scenario}/vector_disabled"] = vector(scenario, num_envs, autoreset_mode="Disabled")
        made[f"{scenario}/one_user"] = single(scenario)
    made["interest_evolution/sync_vector_env_of_64"] = sync_vector("interest_evolution", 64)
    made["recsim/ours"] = recsim(recbots.recsim.create_environment)
    if recsim_original.installed():
        made["recsim/original"] = recsim(recsim_original.load("environments.interest_evolution").create_environment)
    made["envpool/cartpole"] = envpool(num_envs)
    return {name: run for name, run in made.items() if run is not None}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=1, help="length of a window")
    parser.add_argument("--windows", type=int, default=5)
    parser.add_argument("--users", type=int, default=1024, help="users of a batch")
    parser.add_argument("--output", help="a file for the rates, as JSON")
    options = parser.parse_args()
    runs = cases(options.users)
    best = dict.fromkeys(runs, 0.0)
    for run in runs.values():
        run(min(options.seconds, 0.2))  # Pages and caches are warm before the first window.
    for _ in range(options.windows):
        for name, run in runs.items():
            best[name] = max(best[name], run(options.seconds))
    print(f"{'steps a processor second':44} {'rate':>12}  of native")
    for name, rate in best.items():
        against = best.get(name.split("/")[0] + "/native")
        share = f"{rate / against:8.1%}" if against and "one_user" not in name and "sync" not in name else ""
        print(f"{name:44} {rate:12,.0f}  {share}")
    if options.output:
        with open(options.output, "w", encoding="utf-8") as file:
            json.dump({"users": options.users, "cores": os.cpu_count(), "rates": best}, file, indent=1)


if __name__ == "__main__":
    main()
