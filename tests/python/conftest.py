"""What the tests of the Python package share."""
import numpy as np
import pytest

# Short episodes, so that every test sees ends of them. One scenario of each shape: K = 1 and no documents, K > 1 with
# documents, nothing seen of the user, history.
SCENARIOS = {
    "browse": ("browse", []),
    "interest_evolution": ("interest_evolution", ["environment.history="]),
    "history": ("interest_evolution", ["environment.history.length=2"]),
    "interest_exploration": ("interest_exploration", ["environment.interest_exploration.max_episode_steps=7"]),
    "long_term_satisfaction": ("long_term_satisfaction", ["environment.long_term_satisfaction.time_budget=9"]),
    "known_q": ("known_q", ["environment.known_q.max_episode_steps=8"]),
}
MODES = ("SameStep", "NextStep", "Disabled")


@pytest.fixture(params=sorted(SCENARIOS))
def scenario(request):
    """(config, overrides)"""
    return SCENARIOS[request.param]


@pytest.fixture(params=MODES)
def mode(request):
    return request.param


def slates(rng, space, num_envs):
    """int64 [B, K], or [B] where K = 1; drawn by NumPy, so that a test has the same ones whatever else it does."""
    if hasattr(space, "slate_size"):
        keys = rng.random((num_envs, space.candidates))
        return np.argsort(keys, axis=1)[:, : space.slate_size]
    return rng.integers(space.n, size=num_envs)


def flatten(tree, path=""):
    """{path: array} of nested dictionaries."""
    if not isinstance(tree, dict):
        return {path: np.asarray(tree)}
    return {name: value for key in tree for name, value in flatten(tree[key], f"{path}/{key}").items()}


def same(one, other):
    """Whether two observations, or infos, have the same bits."""
    one, other = flatten(one), flatten(other)
    return one.keys() == other.keys() and all(
        one[key].dtype == other[key].dtype and one[key].tobytes() == other[key].tobytes() for key in one)


def row(tree, i):
    """Row i of nested dictionaries of arrays [B, ...]."""
    if isinstance(tree, dict):
        return {key: row(dict.__getitem__(tree, key), i) for key in tree}
    return tree[i]
