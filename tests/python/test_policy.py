"""recbots.Policy: our policies, acting in C++."""
import numpy as np
import pytest
from conftest import MODES, SCENARIOS

import recbots
from recbots import _sim


def mean_return(env, policy, episodes=400):
    """Of the first episodes of each user, all to their end."""
    observation, _ = env.reset(seed=1)
    returns, over = np.zeros(env.num_envs), np.zeros(env.num_envs, np.bool_)
    each = episodes // env.num_envs
    counts = np.zeros(env.num_envs, int)
    while (counts < each).any():
        slates, probability = policy.act(observation, env)
        assert slates.dtype == np.int32 and slates.shape == (env.num_envs, env.parameters["slate_size"])
        assert probability.dtype == np.float32 and probability.shape == (env.num_envs,)
        observation, reward, terminated, truncated, info = env.step(slates)
        policy.observe(env)
        if "_episode" in info:
            over = info["_episode"] & (counts < each)
            returns[over] += info["episode"]["r"][over]
            counts[over] += 1
    return returns.sum() / counts.sum()


@pytest.mark.parametrize("observation", ["dict", "flat"])
def test_reference_policies_earn_what_is_known_of_them(observation):
    env = recbots.VectorEnv("browse", 64, observation=observation)
    references = env.references()
    for name in ("random", "optimal"):
        value = mean_return(env, recbots.Policy(name), episodes=6400)
        assert value == pytest.approx(references[name][0], rel=0.05)


@pytest.mark.parametrize("mode", MODES)
def test_acts_in_every_mode(mode):
    env = recbots.VectorEnv("interest_evolution", 8, autoreset_mode=mode)
    policy = recbots.Policy("random")
    observation, _ = env.reset(seed=1)
    for _ in range(100):
        slates, probability = policy.act(observation, env)
        observation, _, terminated, truncated, _ = env.step(slates)
        policy.observe(env)
        if mode == "Disabled" and env.waiting.any():
            observation, _ = env.reset(options={"reset_mask": env.waiting})
    assert probability == pytest.approx(1 / (10 * 9 * 8))


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_every_policy_that_fits_acts(name):
    config, overrides = SCENARIOS[name]
    env = recbots.VectorEnv(config, 4, overrides)
    names = recbots.Policy.names(env)
    assert names[0] == "random" and "kl_ucb" in names
    acted = 0
    for policy_name in dict.fromkeys(names):
        policy = recbots.Policy(policy_name)
        observation, _ = env.reset(seed=2)
        try:
            for _ in range(5):
                slates, _ = policy.act(observation, env)
                observation, *_ = env.step(slates)
                policy.observe(env)
            acted += 1
        except ValueError as error:  # An agent that lacks what it needs says what.
            assert policy_name in str(error)
    assert acted >= 2


def test_one_user_gets_one_slate():
    env = recbots.Env("interest_evolution")
    observation, _ = env.reset(seed=1)
    slate, probability = recbots.Policy("random").act(observation, env)
    assert slate.shape == (3,) and probability.shape == ()
    env.step(slate)


def test_rows_act_as_single_users_do():
    env = recbots.VectorEnv("interest_evolution", 5, first_stream=2)
    together = recbots.Policy("random").act(env.reset(seed=1)[0], env)[0]
    for i in range(5):
        single = recbots.Env("interest_evolution", stream=2 + i)
        assert (recbots.Policy("random").act(single.reset(seed=1)[0], single)[0] == together[i]).all()


def q_weights(rng, inputs, hidden, outputs):
    shapes = {"w1": (hidden, inputs), "b1": (hidden,), "w2": (hidden, hidden), "b2": (hidden,), "w3": (outputs, hidden),
              "b3": (outputs,)}
    return {f"q.{name}": rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def test_weights_act_greedily_as_numpy_says(tmp_path):
    overrides = ["algorithm.dqn={}", "algorithm.dqn.q.hidden_units=16", "algorithm.dqn.q.second_hidden_units=16",
                 "environment.document_browsing={}"]
    env = recbots.VectorEnv("browse", 32, overrides)
    u, n = env.parameters["user_features"], env.parameters["candidates"]
    weights = q_weights(np.random.default_rng(3), u + n, 16, 1)  # Of the user and one position.
    encoded = _sim.encode_weights(weights)
    assert all((value == weights[name]).all() for name, value in _sim.decode_weights(encoded).items())
    (tmp_path / "weights.bin").write_bytes(encoded)
    observation, _ = env.reset(seed=1)
    for policy in (recbots.Policy(encoded), recbots.Policy(tmp_path / "weights.bin")):
        slates, probability = policy.act(observation, env)
        pairs = np.concatenate([np.repeat(observation["user"], n, axis=0), np.tile(np.eye(n), (32, 1))], axis=1)
        hidden = np.maximum(pairs @ weights["q.w1"].T + weights["q.b1"], 0)
        hidden = np.maximum(hidden @ weights["q.w2"].T + weights["q.b2"], 0)
        values = (hidden @ weights["q.w3"].T + weights["q.b3"]).reshape(32, n)
        assert (slates[:, 0] == values.argmax(axis=1)).all()
        assert (probability == 1).all()


def test_damaged_or_foreign_weights_are_refused():
    weights = {"w": np.ones((2, 3), np.float32)}
    encoded = bytearray(_sim.encode_weights(weights))
    env = recbots.VectorEnv("browse", 2)
    observation, _ = env.reset()
    with pytest.raises(ValueError, match="want"):
        recbots.Policy(bytes(encoded)).act(observation, env)
    encoded[-1] ^= 1
    with pytest.raises(ValueError, match="checksum"):
        _sim.decode_weights(bytes(encoded))
    with pytest.raises(ValueError, match="finite"):
        _sim.encode_weights({"w": np.array([np.nan], np.float32)})
    with pytest.raises(ValueError, match="policy 'nobody', want one of"):
        recbots.Policy("nobody").act(observation, env)
