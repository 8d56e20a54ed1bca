"""Environments of Gymnasium as a `recbots.Environment`."""
import numpy as np

from .environment import Environment, Spec, _scalar_mix


class GymWorld(Environment):
    """One Env for each user, or a VectorEnv. Needs no import of Gymnasium: what was made has its spaces.

    Actions are Discrete(N), or MultiDiscrete([N] * K). Observations are {"user": Box [U], "doc": Box [N, D]} with one
    or both parts, or a Box, which is then all of the user. `info["response"]` of {name: [K]} is the response.
    """

    def __init__(self, made, factory, num_users, spec):
        self._vector = hasattr(made, "num_envs")
        if self._vector:
            if made.num_envs != num_users:
                raise ValueError(f"the VectorEnv has {made.num_envs} users, the actor {num_users} (actor.users)")
            mode = getattr(made, "metadata", {}).get("autoreset_mode")
            if "Disabled" not in str(getattr(mode, "value", mode)):
                raise ValueError(
                    f"autoreset_mode of the VectorEnv is {mode}, want AutoresetMode.DISABLED: users are reset from "
                    "here, each with a seed of its own"
                )
            self._envs = [made]
            observation, action = made.single_observation_space, made.single_action_space
        elif hasattr(made, "action_space"):
            self._envs = [made]
            self._factory = factory
            observation, action = made.observation_space, made.action_space
        else:
            raise TypeError(f"the world made {type(made).__name__}, want a recbots.Environment, an Env or a VectorEnv")
        self._num = num_users
        self.spec = spec or _spec_of(made, observation, action)
        self._single = not hasattr(action, "nvec")

    def start(self):
        while not self._vector and len(self._envs) < self.num_users:
            self._envs.append(self._factory())

    def _seeds(self, rows):
        keys = zip(self.streams[rows].tolist(), self.episode[rows].tolist())
        return [_scalar_mix(_scalar_mix(self.seed ^ stream) ^ episode) & 0x7FFFFFFF for stream, episode in keys]

    def reset(self, rows, out):
        seeds = self._seeds(rows)
        if self._vector:
            mask = np.zeros(self.num_users, bool)
            mask[rows] = True
            all_seeds = [0] * self.num_users
            for row, seed in zip(rows.tolist(), seeds):
                all_seeds[row] = seed
            everyone = len(rows) == self.num_users
            observation, _ = self._envs[0].reset(seed=all_seeds, options=None if everyone else {"reset_mask": mask})
            self._show(observation, rows, out.observation, out.candidates)
            return
        for row, seed in zip(rows.tolist(), seeds):
            observation, _ = self._envs[row].reset(seed=seed)
            self._show_one(observation, row, out.observation, out.candidates)

    def step(self, slates, out):
        actions = slates[:, 0] if self._single else slates
        if self._vector:
            observation, reward, terminated, truncated, info = self._envs[0].step(actions.copy())
            out.reward, out.terminated = reward, terminated
            out.truncated = np.logical_and(truncated, np.logical_not(terminated))
            self._show(observation, slice(None), out.next_observation, out.next_candidates)
            self._respond(info, slice(None), out)
            return
        for row, env in enumerate(self._envs):
            action = int(actions[row]) if self._single else actions[row].copy()
            observation, reward, terminated, truncated, info = env.step(action)
            out.reward[row] = reward
            out.terminated[row] = terminated
            out.truncated[row] = truncated and not terminated
            self._show_one(observation, row, out.next_observation, out.next_candidates)
            self._respond(info, row, out)

    def _show(self, observation, rows, users, candidates):
        parts = observation if isinstance(observation, dict) else {"user": observation}
        for name, column in (("user", users), ("doc", candidates)):
            if name in parts and column.size > 0:
                column[rows] = np.asarray(parts[name])[rows].reshape((-1, *column.shape[1:]))

    def _show_one(self, observation, row, users, candidates):
        parts = observation if isinstance(observation, dict) else {"user": observation}
        for name, column in (("user", users), ("doc", candidates)):
            if name in parts and column.size > 0:
                column[row] = np.asarray(parts[name]).reshape(column.shape[1:])

    def _respond(self, info, rows, out):
        response = info.get("response")
        if response is None:
            return
        for i, name in enumerate(self.spec.response):
            if name in response:
                out.response[rows, ..., i] = response[name]

    def close(self):
        for env in self._envs:
            env.close()


def _spec_of(made, observation, action):
    if hasattr(action, "nvec"):
        counts = np.unique(action.nvec)
        if counts.size != 1:
            raise ValueError(f"action space {action}, want MultiDiscrete([N] * K) with one N")
        candidates, slate_size = int(counts[0]), len(action.nvec)
    elif hasattr(action, "n"):
        candidates, slate_size = int(action.n), 1
    else:
        raise ValueError(f"action space {action}, want Discrete(N) or MultiDiscrete([N] * K)")
    parts = dict(getattr(observation, "spaces", {"user": observation}))
    if not set(parts) <= {"user", "doc"} or any(not getattr(part, "shape", ()) for part in parts.values()):
        raise ValueError(f"observation space {observation}, want a Box, or a Dict of 'user' and 'doc' that are Boxes")
    user = int(np.prod(parts["user"].shape)) if "user" in parts else 0
    doc = int(np.prod(parts["doc"].shape[1:])) if "doc" in parts else 0
    given = getattr(made, "reward_range", None)
    low, high = given if given is not None and np.all(np.isfinite(given)) else (-1e6, 1e6)
    name = getattr(getattr(made, "spec", None), "id", None) or type(made).__name__
    return Spec(user_features=user, candidates=candidates, candidate_features=doc, slate_size=slate_size,
                min_reward=float(low), max_reward=float(high), name=name)
