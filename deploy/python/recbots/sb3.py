"""A vector environment for Stable-Baselines3, which refuses those of Gymnasium.

    from stable_baselines3 import PPO
    env = recbots.sb3.VecEnv("interest_evolution", num_envs=64, observation="flat")
    PPO("MlpPolicy", env).learn(100_000)
"""
import collections.abc

import numpy as np

from .vector_env import VectorEnv

try:
    from stable_baselines3.common.vec_env import VecEnv as _Base
except ModuleNotFoundError as _error:
    if _error.name != "stable_baselines3":
        raise

    class _Base:  # What SB3's base class sets; for programs that speak its interface without having it installed.
        def __init__(self, num_envs, observation_space, action_space):
            self.num_envs, self.observation_space, self.action_space = num_envs, observation_space, action_space
            self.reset_infos = [{} for _ in range(num_envs)]

        def step(self, actions):
            self.step_async(actions)
            return self.step_wait()

        @property
        def unwrapped(self):
            return self


class Infos(collections.abc.Sequence):
    """The infos of a step: a dictionary per row, made when it is asked for.

    Rows whose episode ended have "terminal_observation", "TimeLimit.truncated" and "episode", as SB3 wants them; every row
    has "response".
    """

    def __init__(self, info, truncated):
        self._info, self._truncated = info, truncated
        self._ended = info.get("_episode")
        self._made = {}

    def __len__(self):
        return len(self._truncated)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        row = range(len(self))[index]
        if row not in self._made:
            self._made[row] = self._make(row)
        return self._made[row]

    def _make(self, row):
        info = {"response": {field: values[row] for field, values in self._info["response"].items()}}
        if self._ended is not None and self._ended[row]:
            info["terminal_observation"] = self._info["final_obs"][row]
            info["TimeLimit.truncated"] = bool(self._truncated[row])
            episode = self._info["episode"]
            info["episode"] = {"r": float(episode["r"][row]), "l": int(episode["l"][row]), "t": 0.0}
        return info


class VecEnv(_Base):
    """recbots.VectorEnv (arguments are its own) with SB3's interface.

    step returns observations, rewards, dones and infos; a step that ends an episode returns the first observation of the
    next one.
    """

    metadata = {"render_modes": []}
    render_mode = None

    def __init__(self, config="interest_evolution", num_envs=1, overrides=None, observation="flat", **arguments):
        if arguments.get("autoreset_mode", "SameStep") != "SameStep":
            raise ValueError(f"autoreset_mode {arguments['autoreset_mode']!r}: SB3 wants SameStep")
        self.venv = VectorEnv(config, num_envs, overrides, observation=observation, **arguments)
        super().__init__(num_envs, self.venv.single_observation_space, self.venv.single_action_space)
        self._next_seed = None
        self._actions = None

    def seed(self, seed=None):
        """The users of that seed from the next reset on."""
        self._next_seed = seed
        return [seed] * self.num_envs

    def set_options(self, options=None):
        if options:
            raise ValueError(f"options {options!r}: there are none")

    def reset(self):
        observation, info = self.venv.reset(seed=self._next_seed)
        self._next_seed = None
        self.reset_infos = [{} for _ in range(self.num_envs)]
        return observation

    def step_async(self, actions):
        self._actions = actions

    def step_wait(self):
        observation, reward, terminated, truncated, info = self.venv.step(self._actions)
        return observation, reward, terminated | truncated, Infos(info, truncated)

    def close(self):
        self.venv.close()

    def _rows(self, indices):
        if indices is None:
            return range(self.num_envs)
        return [indices] if isinstance(indices, (int, np.integer)) else list(indices)

    def get_attr(self, attr_name, indices=None):
        return [getattr(self.venv, attr_name) for _ in self._rows(indices)]

    def set_attr(self, attr_name, value, indices=None):
        raise AttributeError(f"{attr_name}: rows share one environment, whose attributes cannot be set one by one")

    def env_method(self, method_name, *arguments, indices=None, **named):
        return [getattr(self.venv, method_name)(*arguments, **named) for _ in self._rows(indices)]

    def env_is_wrapped(self, wrapper_class, indices=None):
        return [False for _ in self._rows(indices)]

    def get_images(self):
        return [None] * self.num_envs
