"""One simulated user as an environment of Gymnasium."""
import functools

import gymnasium as gym

from . import _sim, experiments, spaces
from .frames import Frame
from .vector_env import _OBSERVATIONS, _ON_REPEAT, References, check_choice, check_seed


class Env(References, gym.Env):
    """One user of an experiment; arguments are those of VectorEnv, and `stream`, whose user it is.

    Observations are {"user": float32 [U], "doc": float32 [N, D]}, or one array where `observation` is "flat". An action is
    a position where K = 1, otherwise K of them. info["response"] is {field: float32 [K]}, info["slate"] what was shown,
    and at the end of an episode info["episode"] has its return "r" and its length "l".
    """

    metadata = {"render_modes": []}

    def __init__(self, config="interest_evolution", overrides=None, observation="dict", copy=True, stream=0,
                 response_in_observation=False, on_repeat="fill", episode_statistics=True, render_mode=None):
        if render_mode is not None:
            raise ValueError(f"render_mode {render_mode!r}: there is nothing to render, want None")
        check_choice("observation", observation, _OBSERVATIONS)
        check_choice("on_repeat", on_repeat, _ON_REPEAT)
        self.render_mode = render_mode
        self.simulation = _sim.load(experiments.find(config), experiments.override_list(overrides))
        self.parameters = self.simulation.spec
        self.num_envs = 1
        if self.parameters["users_per_session"] > 1:
            raise ValueError(f"environment.users_per_session {self.parameters['users_per_session']}, want 1 for one user: "
                             "a VectorEnv has sessions")
        self.action_space = spaces.action_space(self.parameters)
        self.observation_space = spaces.observation_space(self.parameters, observation, response_in_observation)
        self._flat = observation == "flat"
        make_frame = functools.partial(Frame, self.parameters, None, self._flat, False, response_in_observation)
        self._core = _sim.make_stepper(self.simulation, 1, stream, "Disabled", self._flat, response_in_observation,
                                       on_repeat == "fill", make_frame, bool(copy))
        self._step = self._core.step_one
        self._episode_statistics = bool(episode_statistics)
        self._seed = self.simulation.seed
        self._references = {}

    @property
    def positions(self):
        """uint32 [1, 3]: stream, episode and step at which the user stands."""
        return self._core.positions

    def reset(self, *, seed=None, options=None):
        """Observation and info. A seed: the user of that seed, at its first episode; None: the next episode."""
        if seed is not None:
            seed = check_seed(seed)
            self._seed = seed
            super().reset(seed=seed)
        frame = self._core.reset(seed)
        return frame.flat if self._flat else frame.observation.copy(), {"response": frame.responses.copy()}

    def step(self, action):
        """Observation, reward, terminated, truncated, info."""
        frame, ended = self._step(action)
        info = {"response": frame.responses.copy(), "slate": frame.slate}
        observation = frame.flat if self._flat else frame.observation.copy()
        if not ended:
            return observation, frame.reward.item(), False, False, info
        if self._episode_statistics:
            info["episode"] = {"r": frame.episode_return.item(), "l": frame.episode_length.item()}
        return observation, frame.reward.item(), frame.terminated.item(), frame.truncated.item(), info
