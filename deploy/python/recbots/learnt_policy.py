"""The policy that a learner trains, for recbots.Actor: it acts in C++, and needs the extension."""
import math

import numpy as np


class LearntPolicy:
    """Shows what the newest weights say, and a random slate in a share 1 - policy_share of the steps, as recbots-actor does.

    `config` is the configuration of the learner: a name, a file, or a run directory, with `overrides` as for recbots.Env.
    Probabilities are exact. Not thread-safe; recbots.Actor takes care of that.
    """

    def __init__(self, config, policy_share=1.0, seed=0, overrides=None):
        if not 0 <= policy_share <= 1:
            raise ValueError(f"policy_share {policy_share}, want 0..1")
        from . import Env, Policy
        self._make = Policy
        self._env, self._share, self._draw = Env(config, overrides), policy_share, np.random.default_rng(seed)
        self._env.reset(seed=0)  # Slates are asked for where an episode has begun.
        spec = self._env.parameters
        self._candidates, self._slots = spec["candidates"], spec["slate_size"]
        self._slates = math.perm(self._candidates, self._slots)
        self._policy = None

    def set_weights(self, payload):
        """Takes the weights of one version, as learners encode them."""
        self._policy = self._make(payload, any_experiment=True)

    def act(self, observation, candidates):
        """The slate int32 [K], and the probability with which this policy shows it."""
        parts = {name: value for name, value in (("user", observation), ("doc", candidates)) if value is not None}
        slate, _ = self._policy.act(parts, self._env)
        best = np.asarray(slate, np.int32).reshape(-1)
        shown = best
        if self._draw.random() >= self._share:
            shown = self._draw.permutation(self._candidates)[:self._slots].astype(np.int32)
        probability = (1 - self._share) / self._slates + (self._share if np.array_equal(shown, best) else 0)
        return shown, probability
