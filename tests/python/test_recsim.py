"""recbots.recsim: an agent of RecSim's shape in RecSim's loop."""
import collections

import numpy as np
import pytest

import recbots

CONFIG = {"num_candidates": 6, "slate_size": 2, "resample_documents": True, "seed": 3}


class RandomAgent:
    """As RecSim's random agent: positions by a generator of its own."""

    def __init__(self, action_space):
        self._slate_size, self._rng = len(action_space.nvec), np.random.RandomState(0)
        self.episodes = self.steps = 0

    def begin_episode(self, observation=None):
        self.episodes += 1
        return self.step(0, observation)

    def step(self, reward, observation):
        self.steps += 1
        slate = list(range(len(observation["doc"])))
        self._rng.shuffle(slate)
        return slate[: self._slate_size]

    def end_episode(self, reward, observation=None):
        pass


class GreedyAgent(RandomAgent):
    """As RecSim's greedy one: items by their scores, from the dictionaries."""

    def step(self, reward, observation):
        scores = [float(np.dot(observation["user"], doc)) for doc in observation["doc"].values()]
        return np.argsort(scores)[::-1][: self._slate_size]


def test_speaks_recsims_interface():
    env = recbots.recsim.create_environment(CONFIG)
    observation = env.reset()
    assert set(observation) == {"user", "doc", "response"} and observation["response"] is None
    assert isinstance(observation["doc"], collections.OrderedDict)
    first = list(observation["doc"])
    assert first == [str(i) for i in range(6, 12)]
    assert (env.action_space.nvec == [6, 6]).all()
    assert env.observation_space is env.observation_space
    assert list(env.observation_space["doc"]) == [str(i) for i in range(6)]
    following, reward, done, info = env.step([0, 1])
    assert list(following["doc"]) == [str(i) for i in range(12, 18)]
    assert isinstance(following["response"], tuple) and len(following["response"]) == 2
    for response in following["response"]:
        assert set(response) == {"click", "watch_time", "liked", "quality", "cluster_id"}
        assert isinstance(response["click"], int) and isinstance(response["cluster_id"], int)
        assert env.observation_space["response"][0]["click"].contains(response["click"])
    assert done is False and info["env"] is env and env.game_over is False
    clicked = [response for response in following["response"] if response["click"]]
    assert reward == pytest.approx(sum(float(response["watch_time"]) for response in clicked))
    # The observation of the first step has not changed with the second one (RecSim's live array).
    before = observation["user"].copy()
    env.step([2, 3])
    assert (observation["user"] == before).all()


def test_runs_agents_in_the_loop():
    env = recbots.recsim.create_environment(dict(CONFIG, num_candidates=10, slate_size=3))
    random, metrics = recbots.recsim.run_simulation(env, RandomAgent(env.action_space), episodes=30)
    env.seed(3)
    greedy, _ = recbots.recsim.run_simulation(env, GreedyAgent(env.action_space), episodes=30)
    assert random > 50 and greedy > random - 20
    assert 0 < metrics["CTR"] < 1 and "AverageQuality" in metrics
    frac = sum(value for name, value in metrics.items() if name.startswith("cluster_watch_count_frac/"))
    assert frac == pytest.approx(1)


def test_the_same_documents_again_without_resampling():
    env = recbots.recsim.create_environment(dict(CONFIG, resample_documents=False))
    one = env.reset()["doc"]
    two = env.step([0, 1])[0]["doc"]
    assert list(one) == list(two) == [str(i) for i in range(6)]
    assert all((one[key] == two[key]).all() for key in one)


def test_the_other_environments():
    exploration = recbots.recsim.create_environment(CONFIG, "interest_exploration")
    observation = exploration.reset()
    assert observation["user"].shape == (0,)
    doc = next(iter(observation["doc"].values()))
    assert set(doc) == {"quality", "cluster_id"} and doc["quality"] > 0
    satisfaction = recbots.recsim.create_environment(CONFIG, "long_term_satisfaction")
    observation, reward, done, _ = (satisfaction.reset(), *satisfaction.step([0, 1])[1:])
    assert next(iter(observation["doc"].values())).shape == (1,)
    with pytest.raises(ValueError, match="environment 'video', want one of"):
        recbots.recsim.create_environment(CONFIG, "video")
    with pytest.raises(ValueError, match="env_config lacks seed"):
        recbots.recsim.create_environment({key: CONFIG[key] for key in CONFIG if key != "seed"})


def test_several_users():
    env = recbots.recsim.create_environment(CONFIG, num_users=3)
    observation = env.reset()
    assert len(observation["user"]) == 3 and len(observation["doc"]) == 6
    done, steps = False, 0
    while not done:
        observation, reward, done, _ = env.step([[0, 1], [1, 2], [3, 4]])
        assert len(observation["response"]) == 3 and reward.shape == (3,)
        steps += 1
    assert steps > 10
