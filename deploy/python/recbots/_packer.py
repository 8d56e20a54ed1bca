"""Puts the steps of users together to rows of replay (actor/loop/transition_packer.h)."""
import collections
import time

import numpy as np

_NO_ITEM = -1


class _Step:
    """What was shown to a user and, once the outcome is known, what came of it and of the steps behind it."""

    def __init__(self, row):
        self.row, self.rewards, self.outcome, self.last = row, [], None, None


class Packer:
    """Every step becomes one row, with the rewards of n_step steps, or of those left in the episode. Not thread-safe."""

    def __init__(self, schema, n_step, discount):
        if n_step < 1:
            raise ValueError(f"n_step {n_step}, want at least 1")
        if not 0 <= discount <= 1:
            raise ValueError(f"discount {discount}, want 0..1")
        self._schema, self._n_step, self._discount = schema, n_step, discount
        self._shapes = {name: (dtype, shape) for name, dtype, shape in schema.columns}
        if "slate" not in self._shapes or "reward" not in self._shapes:
            raise ValueError(f"rows of {schema}: these are no transitions")
        self._waits_for_slate = "next_slate" in self._shapes
        self._users = {}

    def column(self, name, value):
        """`value` as the column wants it; one that rows do not have is passed on as float32."""
        if name not in self._shapes:
            return None if value is None else np.asarray(value, np.float32)
        dtype, shape = self._shapes[name]
        if value is None:
            if name != "response":
                raise ValueError(f"{name} is missing, want {dtype.name} {list(shape)}")
            return np.zeros(shape, dtype)
        value = np.asarray(value, dtype)
        if value.shape != shape:
            raise ValueError(f"{name} of shape {value.shape}, want {shape}")
        if not np.isfinite(value).all():
            raise ValueError(f"{name} with values that are not finite")
        return value

    def check_act(self, user):
        if user in self._users and self._users[user][-1].outcome is None:
            raise RuntimeError(f"user {user!r}: act() again without observe()")

    def shown(self, user, observation, candidates, slate, probability, version, updates):
        """Notes a step that begins; returns the rows that its slate completes."""
        row = {"observation": observation, "candidates": candidates, "slate": slate, "behaviour_probability": probability,
               "weights_version": version, "weights_updates": updates, "collected_micros": time.time_ns() // 1000}
        steps = self._users.setdefault(user, collections.deque())
        rows = self._complete(steps, slate, False, False)
        steps.append(_Step(row))
        return rows

    def outcome(self, user, reward, observation, candidates, response, terminated, truncated):
        """Notes what came of a user's newest step; returns the rows that it completes."""
        if terminated and truncated:
            raise ValueError("terminated and truncated, want at most one")
        if not np.isfinite(reward):
            raise ValueError(f"reward {reward}, want a finite number")
        steps = self._users.get(user)
        if steps is None or steps[-1].outcome is not None:
            raise RuntimeError(f"user {user!r}: observe() without act()")
        after = {"next_observation": self.column("observation", observation),
                 "next_candidates": self.column("candidates", candidates)}
        steps[-1].row["response"] = self.column("response", response)
        steps[-1].outcome = after
        for step in steps:
            if len(step.rewards) < self._n_step:
                step.rewards.append(float(reward))
                step.last = steps[-1]
        ended = terminated or truncated
        rows = self._complete(steps, None, ended, terminated)
        if ended or not steps:
            del self._users[user]
        return rows

    def _complete(self, steps, next_slate, ended, terminated):
        """Takes the steps whose rows are complete out of `steps`, the oldest first."""
        rows = []
        while steps and steps[0].outcome is not None:
            step = steps[0]
            ready = len(step.rewards) == self._n_step
            if self._waits_for_slate:  # Of the step behind the last one of the row.
                ready = ready and next_slate is not None and step.last is steps[-1]
            if not ready and not ended:
                break
            steps.popleft()
            reward = sum(reward * self._discount ** i for i, reward in enumerate(step.rewards))
            discount = 0.0 if terminated else self._discount ** len(step.rewards)
            slate = np.full_like(step.row["slate"], _NO_ITEM) if next_slate is None else next_slate
            rows.append(dict(step.row, **step.last.outcome, reward=reward, discount=discount, next_slate=slate))
        return rows

    def pack(self, rows):
        """The rows as a structured array."""
        packed = np.zeros(len(rows), self._schema.dtype)
        for name in self._schema.names:
            packed[name] = [row[name] for row in rows]
        return packed
