"""RecSim's interface to the simulator: its agents and its run_simulation work on it unchanged.

    env = recbots.recsim.create_environment({"num_candidates": 10, "slate_size": 3, "resample_documents": True, "seed": 0})
    observation = env.reset()                 # {"user": ..., "doc": {"10": ..., ...}, "response": None}
    observation, reward, done, info = env.step([2, 0, 1])

What differs from RecSim is listed in docs/python.md: users are those of recbots, observations are copies, spaces are
built once.
"""
import collections

import gymnasium as gym
import numpy as np

from .env import Env
from .vector_env import VectorEnv

# Name -> (configuration that is shipped, scenario, setting that says when candidates are drawn again).
_ENVIRONMENTS = {
    "interest_evolution": "interest_evolution",
    "interest_exploration": "interest_exploration",
    "long_term_satisfaction": "long_term_satisfaction",
}
_SETTINGS = ("num_candidates", "slate_size", "resample_documents", "seed")
_WHOLE = ("click", "liked", "cluster_id")  # Whole numbers in responses.


def create_environment(env_config, name="interest_evolution", num_users=1, overrides=None):
    """An environment with the interface of RecSimGymEnv.

    env_config  num_candidates, slate_size, resample_documents, seed: all four, as in RecSim
    name        interest_evolution, interest_exploration or long_term_satisfaction
    num_users   above 1: as RecSim's MultiUserEnvironment, users of one session, who see the same documents
    overrides   further settings, as for VectorEnv
    """
    if name not in _ENVIRONMENTS:
        raise ValueError(f"environment {name!r}, want one of {', '.join(_ENVIRONMENTS)}")
    missing = [setting for setting in _SETTINGS if setting not in env_config]
    if missing:
        raise ValueError(f"env_config lacks {', '.join(missing)}; want {', '.join(_SETTINGS)}")
    path = f"environment.{name}"
    settings = [f"{path}.num_candidates={env_config['num_candidates']}", f"{path}.slate_size={env_config['slate_size']}",
                f"{path}.candidate_refresh={'EVERY_STEP' if env_config['resample_documents'] else 'NEVER'}",
                "environment.history=", f"environment.users_per_session={num_users}", f"seed={env_config['seed']}"]
    more = overrides or []
    if hasattr(more, "items"):
        more = [f"{key}={value}" for key, value in more.items()]
    return RecSimEnv(name, settings + list(more), num_users, env_config["resample_documents"])


class _Documents:
    """Ids of candidates, which count on from one set to the next."""

    def __init__(self, spec, resample):
        self._n, self._resample = spec["candidates"], resample
        self._first = 0
        self._keys = [str(i) for i in range(self._n)]
        self._clusters = spec["clusters"]
        # Of interest exploration: a dictionary, as RecSim has it.
        self._as_dictionary = spec["quality_feature"] >= 0

    def next_set(self):
        if not self._resample:
            return
        self._first += self._n
        self._keys = list(map(str, range(self._first, self._first + self._n)))

    def observe(self, doc):
        if not self._as_dictionary:
            return collections.OrderedDict(zip(self._keys, doc))
        clusters, quality = doc[:, : self._clusters].argmax(axis=1).tolist(), doc[:, self._clusters]
        return collections.OrderedDict(
            (key, {"quality": quality[i, ...], "cluster_id": clusters[i]}) for i, key in enumerate(self._keys))

    def space(self, spec):
        if self._as_dictionary:
            one = gym.spaces.Dict({"cluster_id": gym.spaces.Discrete(self._clusters),
                                   "quality": gym.spaces.Box(0, np.inf, (), np.float32)})
        else:
            one = gym.spaces.Box(-1, 1, (spec["candidate_features"],), np.float32)
        return gym.spaces.Dict({str(i): one for i in range(self._n)})


class RecSimEnv:
    """What RecSimGymEnv is: reset() -> observation; step(slate) -> observation, reward, done, {"env": self}."""

    metadata = {"render_modes": []}
    reward_range = (-np.inf, np.inf)
    game_over = False

    def __init__(self, name, overrides, num_users, resample):
        self._single = num_users == 1
        if self._single:
            self._env = Env(name, overrides)
        else:
            self._env = VectorEnv(name, num_users, overrides, autoreset_mode="Disabled")
        self.parameters = spec = self._env.parameters
        self._documents = _Documents(spec, resample)
        self._fields = spec["response"]
        self._num_users = num_users
        slates = gym.spaces.MultiDiscrete([spec["candidates"]] * spec["slate_size"])
        user = gym.spaces.Box(-1, 1, (spec["user_features"],), np.float32)
        response = gym.spaces.Tuple([self._response_space()] * spec["slate_size"])
        everyone = (lambda one: one) if self._single else (lambda one: gym.spaces.Tuple([one] * num_users))
        self.action_space = everyone(slates)
        self.observation_space = gym.spaces.Dict({"user": everyone(user), "doc": self._documents.space(spec),
                                                  "response": everyone(response)})
        self._nobody = np.zeros(0, np.float32)
        self.reset_metrics()

    def _response_space(self):
        ranges = {"click": 2, "liked": 2, "cluster_id": max(1, self.parameters["clusters"])}
        return gym.spaces.Dict({field: gym.spaces.Discrete(ranges[field]) if field in ranges else
                                gym.spaces.Box(-np.inf, np.inf, (), np.float32) for field in self._fields})

    @property
    def environment(self):
        return self

    @property
    def unwrapped(self):
        return self

    @property
    def num_candidates(self):
        return self.parameters["candidates"]

    @property
    def slate_size(self):
        return self.parameters["slate_size"]

    def seed(self, seed=None):
        """The users of that seed from the next reset on."""
        if seed is not None:
            self._env.reset(seed=seed)
        return [seed]

    def reset_sampler(self):
        """Begins again with the first user of the seed."""
        self._env.reset(seed=self._env._seed)

    def reset(self):
        observation, _ = self._env.reset()
        self._documents.next_set()
        return self._observe(observation, None)

    def step(self, action):
        if not self._single:
            return self._step_all(np.asarray(action))
        observation, reward, terminated, truncated, info = self._env.step(action)
        self._documents.next_set()
        responses = self._responses([info["response"][field] for field in self._fields])
        return self._observe(observation, responses), reward, terminated or truncated, {"env": self}

    def _step_all(self, actions):
        observation, reward, _, _, info = self._env.step(actions)
        self._documents.next_set()
        responses = tuple(self._responses([info["response"][field][i] for field in self._fields])
                          for i in range(self._num_users))
        done = bool(self._env.waiting.all())
        return self._observe(observation, responses), reward, done, {"env": self}

    def _observe(self, observation, responses):
        user, doc = observation.get("user", self._nobody), observation.get("doc")
        if not self._single:
            user = tuple(user) if "user" in observation else (self._nobody,) * self._num_users
            doc = doc[0]
        return {"user": user, "doc": self._documents.observe(doc), "response": responses}

    def _responses(self, columns):
        """A dictionary per position of the slate, of the columns [K] of each field."""
        columns = [list(map(int, column)) if field in _WHOLE else column for field, column in zip(self._fields, columns)]
        return tuple(dict(zip(self._fields, position)) for position in zip(*columns))

    def reset_metrics(self):
        self._metrics = collections.defaultdict(float)

    def update_metrics(self, responses, info=None):
        """Counts slates, clicks, qualities and clusters of what was clicked."""
        everyone = [responses] if self._single else responses
        for slate in everyone:
            self._metrics["impression"] += 1
            clicked = [response for response in slate if response.get("click")]
            if not clicked:
                self._metrics["cluster_watch_count_no_click"] += 1
            for response in clicked:
                self._metrics["click"] += 1
                self._metrics["quality"] += float(response.get("quality", 0))
                if "cluster_id" in response:
                    self._metrics[f"cluster_watch_count_cluster_{int(response['cluster_id'])}"] += 1

    def write_metrics(self, add_summary_fn):
        """CTR, AverageQuality, and the share of impressions of each cluster that was clicked."""
        impressions = self._metrics["impression"]
        if not impressions:
            return
        add_summary_fn("CTR", self._metrics["click"] / impressions)
        if self._metrics["click"] > 0:
            add_summary_fn("AverageQuality", self._metrics["quality"] / self._metrics["click"])
        for name, count in sorted(self._metrics.items()):
            if name.startswith("cluster_watch_count_"):
                what = name.removeprefix("cluster_watch_count_").replace("cluster_", "")
                what = "no_click" if what == "no_click" else f"cluster_{what}"
                add_summary_fn(f"cluster_watch_count_frac/{what}", count / impressions)

    def extract_env_info(self):
        return {"env": self}

    def render(self, mode="human"):
        raise NotImplementedError("there is nothing to render")

    def close(self):
        pass


def run_simulation(env, agent, episodes, max_steps_per_episode=27000):
    """RecSim's episode loop without its files: mean return, and the environment's metrics of all episodes.

    `agent` has begin_episode(observation), step(reward, observation) and end_episode(reward, observation).
    """
    returns, summary = [], {}
    env.reset_metrics()
    for _ in range(episodes):
        slate = agent.begin_episode(env.reset())
        total = 0.0
        for _ in range(max_steps_per_episode):
            observation, reward, done, info = env.step(slate)
            env.update_metrics(observation["response"], info)
            total += float(np.sum(reward))
            if done:
                break
            slate = agent.step(reward, observation)
        agent.end_episode(reward, observation)
        returns.append(total)
    env.write_metrics(summary.__setitem__)
    return float(np.mean(returns)), summary
