"""Policies of ours, acting in C++: references, agents, and what a run has learnt. Needs neither LibTorch nor PyTorch."""
import os
import pathlib

import numpy as np

from . import _sim, experiments


class Policy:
    """A policy for environments of this package.

    source    the name of a reference policy or of an agent ("random", "optimal", "kl_ucb", ...: names(env)); or a run
              directory, whose weights.bin is played greedily; or the path of such a file, or its bytes, for an environment
              of the run's own configuration
    seed      key of the draws of an agent
    any_experiment  weights of another experiment are refused unless this is True

    A policy that learns while it acts has to be told the outcome of each step by observe.
    """

    def __init__(self, source, seed=0, any_experiment=False):
        self._seed = int(seed)
        self._any_experiment = bool(any_experiment)
        self._name = self._weights = self._run = None
        self._made = {}
        if isinstance(source, (bytes, bytearray, memoryview)):
            self._weights = bytes(source)
            return
        path = pathlib.Path(os.fspath(source))
        if path.is_dir():
            self._run = _sim.load(experiments.find(path), [])
            path = path / "weights.bin"
            if not path.is_file():
                raise FileNotFoundError(f"{path}: there is no such file; a run writes it when it ends")
        if path.is_file():
            self._weights = path.read_bytes()
            if self._run is None and (path.parent / "config.textproto").is_file():
                self._run = _sim.load(experiments.find(path.parent), [])
        else:
            self._name = str(source)

    @staticmethod
    def names(env):
        """The names of the environment's reference policies, "random" first, then those of agents."""
        return env.unwrapped.simulation.policies

    def _for(self, env):
        """The policy in C++ for this environment, and for its seed: they are made once."""
        core = env._core
        made = self._made.get(id(core))
        if made is None or made[0] is not core or made[1] != env._seed:
            if self._name is not None:
                policy = _sim.make_named_policy(core, self._name, self._seed)
            else:
                policy = _sim.make_learnt_policy(core, self._run or env.simulation, self._weights, self._any_experiment)
            made = self._made[id(core)] = (core, env._seed, policy)
        return made[2]

    def act(self, observation, env):
        """Slates int32 [B, K] for the users of `env`, and float32 [B], the probability of each (NaN where it is not known).

        `observation` is what the environment returned. For an Env, one slate [K] and one probability.
        """
        env = env.unwrapped
        user, doc = _parts(observation, env)
        slates, probability = self._for(env).act(env._core, user, doc)
        return (slates[0], probability[0]) if not hasattr(env, "single_action_space") else (slates, probability)

    def observe(self, env):
        """Tells the policy the outcome of the environment's last step."""
        env = env.unwrapped
        self._for(env).observe(env._core)

    def learns(self, env):
        """Whether the policy learns from one user for another, or from one episode for the next."""
        return self._for(env.unwrapped).learns


def _parts(observation, env):
    """The two parts of an observation, as contiguous float32, whatever its form."""
    spec = env.parameters
    if isinstance(observation, dict):
        user, doc = observation.get("user", ()), observation.get("doc", ())
    else:
        width, docs = spec["user_features"], spec["candidates"] * spec["candidate_features"]
        user, doc = observation[..., :width], observation[..., width:width + docs]
    return np.ascontiguousarray(user, np.float32), np.ascontiguousarray(doc, np.float32)
