"""Worlds for tests: `worlds.py WHAT [FOLDER]` plays users whose columns tell who they are, and misbehaves as WHAT says.

FOLDER: misbehaves in the first program only (a file there counts the starts), and notes the process in FOLDER/pid.
"""
import os
import sys
import time

import numpy as np
import recbots

WHAT = sys.argv[1] if len(sys.argv) > 1 else "good"
FOLDER = sys.argv[2] if len(sys.argv) > 2 and not sys.argv[2].startswith("--") else ""
LAST_STEP = 5  # The step in which something goes wrong.


def first_program():
    if not FOLDER:
        return True
    path = os.path.join(FOLDER, "starts")
    with open(path, "a") as starts:
        starts.write("x")
    with open(os.path.join(FOLDER, "pid.new"), "w") as pid:
        pid.write(str(os.getpid()))
    os.replace(os.path.join(FOLDER, "pid.new"), os.path.join(FOLDER, "pid"))
    return os.path.getsize(path) == 1


class World(recbots.Environment):
    """U = 4: stream, episode, step, and a random number. D = 1: a random number for each of four candidates."""

    spec = recbots.Spec(name="world", user_features=4, candidates=4, candidate_features=1, slate_size=2,
                        response=["click", "seconds"], min_reward=-1, max_reward=10, max_episode_steps=50)
    misbehaves = False
    made = 0

    def write(self, rows, observation, candidates, steps):
        observation[rows, 0] = self.streams[rows]
        observation[rows, 1] = self.episode[rows]
        observation[rows, 2] = steps
        observation[rows, 3] = self.normal(rows, 1)[:, 0]
        candidates[rows, :, 0] = self.uniform(rows, 4)

    def reset(self, rows, out):
        self.write(rows, out.observation, out.candidates, 0)

    def step(self, slates, out):
        rows = np.arange(self.num_users)
        luck = self.uniform(rows, 2)
        out.response[:, 0, 0] = luck[:, 0] < 0.5
        out.response[:, :, 1] = slates
        out.reward = luck[:, 0]
        out.terminated = luck[:, 1] < 0.1
        self.write(rows, out.next_observation, out.next_candidates, self.step_number + 1)
        self.made += 1
        if self.misbehaves and self.made == LAST_STEP:
            self.misbehave(out)

    def misbehave(self, out):
        row = min(3, self.num_users - 1)
        if WHAT == "exception":
            raise RuntimeError("the moon is full")
        if WHAT == "exit":
            os._exit(3)
        if WHAT == "abort":
            os.abort()
        if WHAT == "hang":
            time.sleep(3600)
        if WHAT == "nan":
            out.next_observation[row, 2] = np.nan
        if WHAT == "infinite":
            out.response[row, 1, 0] = np.inf
        if WHAT == "reward":
            out.reward[row] = 11
        if WHAT == "both":
            out.terminated[row] = out.truncated[row] = True
        if WHAT == "flag":
            out.terminated.view(np.uint8)[row] = 2
        if WHAT == "shape":
            out.reward = np.zeros(self.num_users + 1)
        if WHAT == "flood":
            for i in range(100000):
                sys.stderr.write(f"line {i}\n")
            raise RuntimeError("flooded")


class SameForAll(World):
    """Everyone is the same user."""

    def write(self, rows, observation, candidates, steps):
        observation[rows] = 0
        candidates[rows] = 0

    def step(self, slates, out):
        out.reward = 1


class OneGenerator(World):
    """Draws from one generator for all users."""

    def start(self):
        self.generator = np.random.default_rng(self.seed)

    def normal(self, rows, size):
        return self.generator.normal(size=(len(rows), size))


def raw(message):
    """Answers Hello with `message`."""
    import socket

    connection = socket.socket(fileno=int(os.environ["RECBOTS_ENVIRONMENT_SOCKET"]))
    connection.recv(16)
    connection.sendall((0).to_bytes(8, "little") + b"\xff\xff\xff\xff" + len(message).to_bytes(4, "little") + message)
    time.sleep(3600)


if __name__ == "__main__":
    from recbots import _environment_wire as wire

    World.misbehaves = first_program()
    print("starting", WHAT, flush=True)
    if WHAT == "slow":
        time.sleep(3600)
    if WHAT == "exit_at_start":
        sys.exit("no configuration")
    if WHAT == "protocol":
        raw(wire._bytes(1, wire._number(1, 2) + wire._bytes(2, wire.encode_spec(World.spec))))
    if WHAT == "garbage":
        raw(b"\xff\xff\xff")
    if WHAT == "spec":
        World.spec = recbots.Spec(name="world", user_features=5, candidates=4, candidate_features=1, slate_size=2,
                                  response=["click"], min_reward=-1, max_reward=10, max_episode_steps=50)
    if WHAT == "always_exits":
        World.misbehaves, World.misbehave = True, lambda self, out: os._exit(4)
    worlds = {"same": SameForAll, "generator": OneGenerator}
    recbots.serve(worlds.get(WHAT, World))
