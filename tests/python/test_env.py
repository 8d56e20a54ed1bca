"""recbots.Env: one user."""
import warnings

import gymnasium as gym
import numpy as np
import pytest
from conftest import same
from gymnasium.utils.env_checker import check_env

import recbots


@pytest.mark.parametrize("observation", ["dict", "flat"])
@pytest.mark.parametrize("response", [False, True])
def test_gymnasiums_checker_finds_nothing(scenario, observation, response):
    config, overrides = scenario
    env = recbots.Env(config, overrides, observation=observation, response_in_observation=response)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_env(env, skip_render_check=True)
    # Features have no bounds that would be declared.
    texts = [str(warning.message) for warning in caught]
    assert [text for text in texts if "infinity" not in text and "not registered" not in text
            and "env.spec" not in text] == []


def test_made_by_name():
    env = gym.make("recbots:interest_evolution")
    observation, info = env.reset(seed=4)
    assert env.observation_space.contains(observation)
    observation, reward, terminated, truncated, info = env.step(env.action_space.sample())
    assert isinstance(reward, float) and terminated is False and truncated is False
    assert set(info["response"]) == set(env.unwrapped.parameters["response"])


def test_plays_episodes_to_their_end(scenario):
    config, overrides = scenario
    env = recbots.Env(config, overrides)
    env.action_space.seed(1)
    for episode in range(3):
        observation, info = env.reset(seed=5 if episode == 0 else None)
        assert env.positions.tolist() == [[0, episode, 0]]
        assert all(not values.any() for values in info["response"].values())
        total, steps, over = 0.0, 0, False
        while not over:
            observation, reward, terminated, truncated, info = env.step(env.action_space.sample())
            assert env.observation_space.contains(observation)
            total, steps, over = total + reward, steps + 1, terminated or truncated
            assert ("episode" in info) == over
        assert info["episode"]["l"] == steps
        assert info["episode"]["r"] == pytest.approx(total, rel=1e-12)
        with pytest.raises(RuntimeError, match="call reset"):
            env.step(env.action_space.sample())


def test_equal_seeds_are_equal_and_others_differ(scenario):
    config, overrides = scenario

    def play(seed, stream=0):
        env = recbots.Env(config, overrides, stream=stream)
        rng = np.random.default_rng(0)
        seen = [env.reset(seed=seed)]
        for _ in range(40):
            action = rng.permutation(env.parameters["candidates"])[: env.parameters["slate_size"]]
            step = env.step(int(action[0]) if len(action) == 1 else action)
            seen.append({"observation": step[0], "reward": np.float64(step[1]), "response": step[4]["response"]})
            if step[2] or step[3]:
                seen.append(env.reset()[0])
        return {str(i): value for i, value in enumerate(map(_as_dict, seen))}

    assert same(play(7), play(7))
    assert not same(play(7), play(8))
    assert not same(play(7), play(7, stream=3))


def _as_dict(value):
    return {"observation": value[0], "info": value[1]} if isinstance(value, tuple) else {"value": value}


def test_takes_every_form_of_an_action():
    env = recbots.Env("interest_evolution")
    rewards = set()
    for action in ([4, 0, 7], (4, 0, 7), np.array([4, 0, 7]), np.array([4, 0, 7], np.int32), np.array([4, 0, 7], np.uint8)):
        env.reset(seed=1)
        observation, reward, *_, info = env.step(action)
        assert info["slate"].tolist() == [4, 0, 7]
        rewards.add((reward, observation["user"].tobytes()))
    assert len(rewards) == 1
    one = recbots.Env("browse")
    rewards = set()
    for action in (3, np.int64(3), np.int32(3), np.array(3), np.array([3]), [3]):
        one.reset(seed=1)
        observation, reward, *_ = one.step(action)
        rewards.add((reward, observation["user"].tobytes()))
    assert len(rewards) == 1


def test_errors_name_the_thing_the_value_and_the_bound():
    env = recbots.Env("interest_evolution")
    with pytest.raises(RuntimeError, match="no episode has begun"):
        env.step([0, 1, 2])
    env.reset()
    with pytest.raises(ValueError, match="position 10, want 0..9"):
        env.step([0, 10, 2])
    with pytest.raises(ValueError, match="position -3"):
        env.step([0, -3, 2])
    with pytest.raises(ValueError, match="position 2147483647"):
        env.step([0, 2**40, 2])
    with pytest.raises(ValueError, match="2 positions, want 3"):
        env.step([0, 1])
    with pytest.raises(ValueError, match="one number, want 3"):
        env.step(1)
    with pytest.raises(TypeError):
        env.step([0, 1.5, 2])
    env.step([0, 1, 2])  # Nothing was broken.
    with pytest.raises(ValueError, match="num_candidates.*0"):
        recbots.Env("interest_evolution", {"environment.interest_evolution.num_candidates": 0})
    with pytest.raises(ValueError, match="environment has no field 'nothing'"):
        recbots.Env("interest_evolution", {"environment.nothing": 1})
    with pytest.raises(FileNotFoundError, match="interest_evolution"):
        recbots.Env("interest_revolution")
    with pytest.raises(ValueError, match="seed -1, want 0"):
        env.reset(seed=-1)
    with pytest.raises(ValueError, match="observation 'image', want one of 'dict', 'flat'"):
        recbots.Env("browse", observation="image")


def test_repeated_items_are_filled_or_refused():
    env = recbots.Env("interest_evolution")
    env.reset(seed=1)
    assert env.step([4, 4, 4])[4]["slate"].tolist() == [4, 0, 1]
    assert env.step([1, 0, 1])[4]["slate"].tolist() == [1, 0, 2]
    assert env.step([0, 0, 1])[4]["slate"].tolist() == [0, 2, 1]
    strict = recbots.Env("interest_evolution", on_repeat="error")
    strict.reset(seed=1)
    with pytest.raises(ValueError, match="user 0 names position 4 twice"):
        strict.step([4, 5, 4])


def test_references_and_share_of_the_gap():
    env = recbots.Env("browse")
    env.reset(seed=42)
    references = env.references()
    names = list(references)
    assert names[0] == "random" and names[-1] == "optimal"
    assert references["optimal"][1] == 0  # Known exactly.
    assert references["optimal"][0] > references["random"][0]
    assert env.share_of_gap(references["optimal"][0]) == 1
    assert env.share_of_gap(references["random"][0]) == 0
    measured = recbots.Env("interest_evolution", ["environment.history="]).references(episodes=1000)
    value, ci95 = measured["random"]
    assert abs(value - 160.5) < 3 * ci95 + 0.5 and 0 < ci95 < 5
    with pytest.raises(ValueError, match="episodes 1, want at least 2"):
        recbots.Env("interest_evolution").references(episodes=1)
