"""B simulated users as one vector environment of Gymnasium, stepped in C++."""
import functools

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode

from . import _sim, experiments, spaces
from .frames import Frame, Rows

_ACTIONS = (np.dtype(np.int32), np.dtype(np.int64))
_ON_REPEAT = ("fill", "error")
_OBSERVATIONS = ("dict", "flat")


def check_choice(name, value, choices):
    if value not in choices:
        raise ValueError(f"{name} {value!r}, want one of {', '.join(map(repr, choices))}")
    return value


def check_seed(seed):
    if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool):
        raise ValueError(f"seed {seed!r}: want one whole number. Users differ by their streams, first_stream + row, and "
                         "not by seeds: give one seed, and another first_stream for other users")
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed {seed}, want 0..{2**64 - 1}")
    return int(seed)


class References:
    """What is known of an environment: values of its reference policies. A part of Env and VectorEnv."""

    def references(self, episodes=10000):
        """{name: (value, ci95)}: mean undiscounted return of an episode, and half of its 95 % confidence interval.

        From "random", which is first, to the best known policy, which is last. Where a value is known exactly, ci95 is 0;
        otherwise it is measured once per seed and number of episodes, with the evaluator's users.
        """
        key = (self._seed, int(episodes))
        if key not in self._references:
            values = self._core.references(int(episodes))
            self._references[key] = {name: (value, ci95) for name, value, ci95 in values}
        return dict(self._references[key])

    def share_of_gap(self, value, episodes=10000):
        """(value - random) / (best - random): 0 is random play, 1 the best reference policy."""
        values = list(self.references(episodes).values())
        random, best = values[0][0], values[-1][0]
        if len(values) < 2 or best == random:
            raise ValueError(f"{self.parameters['name']} has no reference policy to compare with but random play")
        return (value - random) / (best - random)


class VectorEnv(References, gym.vector.VectorEnv):
    """B users of an experiment.

    config             name of a shipped configuration, a file, or a run directory (experiments.find)
    num_envs           B
    overrides          {"path.to.field": value}, or a list of "path.to.field=value"
    autoreset_mode     "SameStep": a step that ends an episode returns the first observation of the next one, and what it
                       led to in info["final_obs"]. "NextStep": the next episode begins in the next step, whose action is
                       not used. "Disabled": users wait until reset(options={"reset_mask": mask}). Or an AutoresetMode
    observation        "dict": {"user": float32 [B, U], "doc": float32 [B, N, D]}, without empty parts; "flat": float32
                       [B, U + N D]
    copy               True: arrays that were returned never change. It costs nothing, because memory is used again only
                       once nobody holds it. False: two sets of arrays by turns, so that arrays are valid until the step
                       after the next one
    first_stream       row i is the user of stream first_stream + i: other streams are other users of the same seed
    response_in_observation  the response to the last slate is a part of the observation, too; zeros after a reset
    on_repeat          an item twice in a slate: "fill" shows the lowest position that is not in the slate instead of the
                       later one; "error" raises ValueError
    reward_dtype       float32 or float64
    episode_statistics  False leaves info["episode"] to Gymnasium's RecordEpisodeStatistics, which refuses to find it there

    Rows do not depend on each other: row i of any batch is bit for bit Env(stream=first_stream + i).

    info["response"] is {field: float32 [B, K]}, zeros after a reset, and info["slate"] is int32 [B, K], what was shown.
    Where an episode ended, info has "final_obs", "final_info" and "episode" ("r" return, "l" length), each with a mask
    of the same name with "_" before it. Final observations are dense: rows of users whose episode goes on have their
    observation; an index gives that of one row.

    step releases the GIL. Several threads need an environment each.
    """

    metadata = {"render_modes": [], "autoreset_mode": AutoresetMode.SAME_STEP}

    def __init__(self, config="interest_evolution", num_envs=1, overrides=None, autoreset_mode="SameStep",
                 observation="dict", copy=True, first_stream=0, response_in_observation=False, on_repeat="fill",
                 reward_dtype=np.float32, episode_statistics=True, render_mode=None):
        if render_mode is not None:
            raise ValueError(f"render_mode {render_mode!r}: there is nothing to render, want None")
        mode = AutoresetMode(autoreset_mode)
        check_choice("observation", observation, _OBSERVATIONS)
        check_choice("on_repeat", on_repeat, _ON_REPEAT)
        self.simulation = _sim.load(experiments.find(config), experiments.override_list(overrides))
        self.parameters = self.simulation.spec
        self.num_envs = int(num_envs)
        self.first_stream = first_stream
        self.render_mode = render_mode
        self.metadata = {**type(self).metadata, "autoreset_mode": mode}
        self.single_action_space = spaces.action_space(self.parameters)
        self.single_observation_space = spaces.observation_space(self.parameters, observation, response_in_observation)
        self._flat = observation == "flat"
        self._same_step = mode is AutoresetMode.SAME_STEP
        self._episode_statistics = bool(episode_statistics)
        self._float64 = np.dtype(reward_dtype) == np.float64
        if not self._float64 and np.dtype(reward_dtype) != np.float32:
            raise ValueError(f"reward_dtype {reward_dtype}, want float32 or float64")
        make_frame = functools.partial(Frame, self.parameters, self.num_envs, self._flat, self._same_step,
                                       response_in_observation)
        self._core = _sim.make_stepper(self.simulation, self.num_envs, first_stream, mode.value, self._flat,
                                       response_in_observation, on_repeat == "fill", make_frame, bool(copy))
        self.action_space = gym.vector.utils.batch_space(self.single_action_space, self.num_envs)
        self.observation_space = gym.vector.utils.batch_space(self.single_observation_space, self.num_envs)
        self._seed = self.simulation.seed
        self._references = {}

    @property
    def positions(self):
        """uint32 [B, 3]: stream, episode and step at which each user stands."""
        return self._core.positions

    @property
    def waiting(self):
        """bool [B]: whose next action is not used, because the episode is over ("Disabled") or begins then ("NextStep")."""
        return np.frombuffer(self._core.waiting, np.bool_).copy()

    def reset(self, *, seed=None, options=None):
        """Observations and info.

        seed: one number: the users of that seed, at their first episode. None: each user's next episode; at first those
        of the configuration's seed. options["reset_mask"]: bool [B], only these users begin their next episode.
        """
        mask = (options or {}).get("reset_mask")
        if mask is not None:
            return self._reset_some(mask, seed)
        if seed is not None:
            seed = check_seed(seed)
            self._seed = seed
        frame = self._core.reset(seed)
        return self._observation(frame), {"response": dict(frame.responses)}

    def _reset_some(self, mask, seed):
        if seed is not None:
            raise ValueError(f"seed {seed} together with reset_mask: a seed is that of all users, want None")
        if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != (self.num_envs,):
            what = f"{mask.dtype} {mask.shape}" if isinstance(mask, np.ndarray) else type(mask).__name__
            raise ValueError(f"reset_mask is {what}, want a NumPy array bool ({self.num_envs},)")
        frame = self._core.reset_some(np.ascontiguousarray(mask))
        return self._observation(frame), {"response": dict(frame.responses)}

    def step(self, actions):
        """Observations, rewards, terminated, truncated, info. Actions are int32 or int64 [B, K], or [B] where K = 1."""
        if type(actions) is not np.ndarray or actions.dtype not in _ACTIONS or not actions.flags.c_contiguous:
            actions = self._whole_numbers(actions)
        frame, ended = self._core.step(actions)
        info = {"response": dict(frame.responses), "slate": frame.slate}
        if ended:
            self._add_ends(frame, info)
        reward = frame.reward.astype(np.float64) if self._float64 else frame.reward
        return self._observation(frame), reward, frame.terminated, frame.truncated, info

    def _observation(self, frame):
        return frame.flat if self._flat else dict(frame.observation)

    def _whole_numbers(self, actions):
        array = np.asarray(actions)
        if not np.issubdtype(array.dtype, np.integer):
            raise ValueError(f"actions are {array.dtype}, want whole numbers (int32 or int64)")
        return np.ascontiguousarray(array, np.int64)

    def _add_ends(self, frame, info):
        episode = {"r": frame.episode_return, "l": frame.episode_length}
        if self._episode_statistics:
            info["episode"], info["_episode"] = episode, frame.ended
        if self._same_step:
            info["final_obs"] = frame.final_flat if self._flat else Rows(frame.final)
            info["final_info"] = Rows(episode=Rows(episode), _episode=frame.ended, response=Rows(frame.responses),
                                      slate=frame.slate)
            info["_final_obs"] = info["_final_info"] = frame.ended

    def close_extras(self, **kwargs):
        pass

    def __repr__(self):
        return f"recbots.VectorEnv({self.parameters['name']}, num_envs={self.num_envs})"
