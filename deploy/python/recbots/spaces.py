"""Spaces of slates and observations."""
import gymnasium as gym
import numpy as np


class SlateSpace(gym.spaces.MultiDiscrete):
    """Slates: K different positions of N candidates, int64 [K].

    A MultiDiscrete([N] * K), so that everything that knows that space takes it, whose samples never repeat a position.
    An action that repeats one is contained all the same, as in MultiDiscrete: environments say with `on_repeat` what
    they do with it.
    """

    def __init__(self, candidates, slate_size, seed=None, dtype=np.int64):
        if not 1 <= slate_size <= candidates:
            raise ValueError(f"slate_size {slate_size}, want 1..{candidates}, the number of candidates")
        self.candidates = int(candidates)
        self.slate_size = int(slate_size)
        super().__init__([candidates] * slate_size, dtype=dtype, seed=seed)

    def sample(self, mask=None, probability=None):
        """A slate, all of them equally likely. A mask or probabilities are those of MultiDiscrete, which may repeat."""
        if mask is not None or probability is not None:
            return super().sample(mask, probability)
        return self.np_random.permutation(self.candidates)[: self.slate_size].astype(self.dtype)

    def sample_batch(self, num_envs):
        """int64 [num_envs, K]: as many slates."""
        keys = self.np_random.random((num_envs, self.candidates))
        return np.argsort(keys, axis=1)[:, : self.slate_size].astype(self.dtype)

    def __repr__(self):
        return f"SlateSpace({self.candidates}, {self.slate_size})"

    def __eq__(self, other):
        return isinstance(other, SlateSpace) and (self.candidates, self.slate_size) == (other.candidates, other.slate_size)


class BatchedSlateSpace(gym.spaces.MultiDiscrete):
    """The slates of B users, int64 [B, K]: a MultiDiscrete whose samples never repeat a position within a row."""

    def __init__(self, single, num_envs):
        self.single = single
        self.num_envs = num_envs
        super().__init__(np.full((num_envs, single.slate_size), single.candidates), dtype=single.dtype)

    def sample(self, mask=None, probability=None):
        if mask is not None or probability is not None:
            return super().sample(mask, probability)
        self.single._np_random = self.np_random
        return self.single.sample_batch(self.num_envs)


@gym.vector.utils.batch_space.register(SlateSpace)
def _batch_slates(space, n=1):
    return BatchedSlateSpace(SlateSpace(space.candidates, space.slate_size, dtype=space.dtype), n)


def action_space(spec):
    """Of one user: Discrete(N) where K = 1, otherwise SlateSpace(N, K)."""
    if spec["slate_size"] == 1:
        return gym.spaces.Discrete(spec["candidates"])
    return SlateSpace(spec["candidates"], spec["slate_size"])


def _box(*shape):
    return gym.spaces.Box(-np.inf, np.inf, shape, np.float32)


def observation_space(spec, observation, response_in_observation):
    """Of one user: a Dict of the parts that the policy sees, or one Box."""
    user, docs = spec["user_features"], (spec["candidates"], spec["candidate_features"])
    fields, k = spec["response"], spec["slate_size"]
    if observation == "flat":
        width = user + docs[0] * docs[1] + (k * len(fields) if response_in_observation else 0)
        return _box(width)
    parts = {}
    if user:
        parts["user"] = _box(user)
    if docs[1]:
        parts["doc"] = _box(*docs)
    if response_in_observation:
        parts["response"] = gym.spaces.Dict({field: _box(k) for field in fields})
    return gym.spaces.Dict(parts)
