"""recbots.recsim: agents of RecSim's shape in RecSim's loop, and RecSim's own agents and runner where it is installed."""
import collections
import pathlib
import sys

import numpy as np
import pytest

import recbots

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "deploy" / "python" / "tools"))
import recsim_original  # noqa: E402

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


needs_recsim = pytest.mark.skipif(not recsim_original.installed(), reason="RecSim is not installed (recsim_original.py)")


def run_by_recsim(env, agent, episodes):
    """Mean return, by the episode loop of RecSim's runner, and what it counted."""
    runner_lib = recsim_original.load("simulator.runner_lib")
    runner = runner_lib.Runner("unused", None, env)
    runner._agent = agent
    runner._initialize_metrics()
    returns = [runner._run_one_episode()[1] for _ in range(episodes)]
    written = {}
    env.write_metrics(written.__setitem__)
    assert runner._stats["episode_reward"] == returns
    return float(np.mean(returns)), written


@needs_recsim
def test_observations_have_recsims_structure():
    original = recsim_original.load("environments.interest_evolution").create_environment(CONFIG)
    ours = recbots.recsim.create_environment(CONFIG)

    def structure(value):
        if isinstance(value, dict):
            return [type(value).__name__, {key: structure(part) for key, part in value.items()}]
        if isinstance(value, tuple):
            return [structure(part) for part in value]
        return np.asarray(value).shape if isinstance(value, (np.ndarray, np.generic)) else type(value).__name__

    assert structure(original.reset()) == structure(ours.reset())
    theirs, mine = original.step([1, 0]), ours.step([1, 0])
    assert structure(theirs[0]) == structure(mine[0])
    assert len(theirs) == len(mine) == 4 and isinstance(mine[2], bool)
    assert theirs[3].keys() == mine[3].keys()
    assert original.action_space == ours.action_space
    assert original.observation_space.spaces.keys() == ours.observation_space.spaces.keys()


@needs_recsim
def test_recsims_agents_earn_what_they_earn_in_recsim():
    """Its random agent in its loop, in both: equal within what so few episodes can tell."""
    agent = recsim_original.load("agents.random_agent").RandomAgent
    config = {"num_candidates": 10, "slate_size": 3, "resample_documents": True, "seed": 5}
    ours = recbots.recsim.create_environment(config)
    theirs = recsim_original.load("environments.interest_evolution").create_environment(config)
    mine, counted = run_by_recsim(ours, agent(ours.action_space, random_seed=1), episodes=300)
    original, counted_by_recsim = run_by_recsim(theirs, agent(theirs.action_space, random_seed=1), episodes=300)
    # The standard deviation of a return is about 27.
    assert mine == pytest.approx(original, abs=5 * 27 * np.sqrt(2 / 300))
    assert counted.keys() == counted_by_recsim.keys()
    assert counted["CTR"] == pytest.approx(counted_by_recsim["CTR"], abs=0.03)
    assert counted["AverageQuality"] == pytest.approx(counted_by_recsim["AverageQuality"], abs=0.1)


@needs_recsim
def test_recsims_other_agents_run_unchanged():
    config = {"num_candidates": 4, "slate_size": 2, "resample_documents": True, "seed": 5}
    exploration = recbots.recsim.create_environment(
        config, "interest_exploration", overrides={"environment.interest_exploration.max_episode_steps": 40})
    bandit = recsim_original.load("agents.layers.cluster_click_statistics").ClusterClickStatsLayer(
        recsim_original.load("agents.cluster_bandit_agent").ClusterBanditAgent,
        exploration.observation_space, exploration.action_space)
    value, _ = run_by_recsim(exploration, bandit, episodes=5)
    assert value > 0
    evolution = recbots.recsim.create_environment(config)

    class Belief:
        def score_document(self, doc):
            return doc.sum()

    greedy = recsim_original.load("agents.greedy_pctr_agent").GreedyPCTRAgent(evolution.action_space, Belief())
    value, _ = run_by_recsim(evolution, greedy, episodes=3)
    assert value > 0
    satisfaction = recbots.recsim.create_environment(config, "long_term_satisfaction")
    tabular = recsim_original.load("agents.tabular_q_agent").TabularQAgent(
        satisfaction.observation_space, satisfaction.action_space)
    value, _ = run_by_recsim(satisfaction, tabular, episodes=2)
    assert value > 0
