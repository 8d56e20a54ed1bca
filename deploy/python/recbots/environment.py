"""Environments of your own, for `recbots.serve`: simulated users in Python, many at once, trained by the cluster."""
import dataclasses

import numpy as np

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = 0xFFFFFFFFFFFFFFFF


@dataclasses.dataclass(frozen=True)
class Spec:
    """What an environment is to those who never meet it. Must be what `environment.external.spec` of the configuration
    says; `recbots describe CONFIG` prints it.

    user_features       U, numbers that describe a user; candidate_features D, numbers that describe a candidate. At
                        least one of them is above 0
    candidates          N, offered at each step; slate_size K, shown of them
    response            R names of what a user's response to each shown item is made of. SlateQ learns from "click"
    clusters            C, where the first C features of a candidate are one-hot and name its cluster; 0: no clusters
    min_reward, max_reward  bounds of the reward of one step; a reward beyond them is refused
    max_episode_steps   steps after which `serve` truncates an episode; 0: only the environment ends episodes
    """

    user_features: int = 0
    candidates: int = 10
    candidate_features: int = 0
    slate_size: int = 1
    response: tuple = ("click",)
    max_reward: float = 1.0
    min_reward: float = 0.0
    clusters: int = 0
    max_episode_steps: int = 0
    name: str = "external"

    def __post_init__(self):
        object.__setattr__(self, "response", tuple(self.response))
        counts = ("user_features", "candidates", "candidate_features", "slate_size", "clusters", "max_episode_steps")
        for name in counts:
            value = getattr(self, name)
            if isinstance(value, bool) or int(value) != value or value < 0:
                raise ValueError(f"{name} is {value!r}, want a whole number, at least 0")
            object.__setattr__(self, name, int(value))
        if self.user_features == 0 and self.candidate_features == 0:
            raise ValueError("user_features and candidate_features are both 0, want at least one above 0")
        if not 1 <= self.slate_size <= self.candidates:
            raise ValueError(f"slate_size is {self.slate_size}, want 1..{self.candidates} (candidates)")
        if not self.response:
            raise ValueError("response has no names, want at least one, such as 'click'")
        if len(set(self.response)) != len(self.response):
            raise ValueError(f"response is {list(self.response)}, want different names")
        if not (np.isfinite(self.min_reward) and np.isfinite(self.max_reward) and self.min_reward < self.max_reward):
            raise ValueError(f"rewards are {self.min_reward}..{self.max_reward}, want finite numbers in this order")


class Environment:
    """A batch of users. Subclasses have a `spec` and the two methods below; everything else is `recbots.serve`'s.

    `serve` makes one object for the users of one actor, and sets before `start` and the first reset:
        num_users   B
        seed        of the experiment
        streams     uint32 [B], the random stream of each user
        episode     int64 [B], the number of each user's episode; counted by `serve`
        step_number int64 [B], steps made in that episode; counted by `serve`

    The same seed, stream and episode should mean the same users, whatever the other rows are: then runs can be
    repeated, and evaluations compare policies on the same users. `uniform` and `normal` draw in this way; `recbots check` finds
    environments that do not.
    """

    spec = None

    def start(self):
        """Called once, when num_users, seed and streams are known: the place to make arrays of B rows."""

    def reset(self, rows, out):
        """Starts a new episode for the users `rows`, an int64 array. Fills out.observation[rows] (float32 [B, U]) and
        out.candidates[rows] (float32 [B, N, D])."""
        raise NotImplementedError

    def step(self, slates, out):
        """Shows each user its slate: int32 [B, K], positions of candidates. Fills, for all users,

            out.response          float32 [B, K, R], zeros before the call
            out.reward            float32 [B], zeros before the call
            out.terminated        bool [B], False before the call: the user has left
            out.truncated         bool [B], False before the call: the episode is cut; not together with terminated
            out.next_observation  float32 [B, U]: what the step led to, also where the episode ended
            out.next_candidates   float32 [B, N, D]; holds garbage before the call

        `serve` then resets the users whose episode ended.
        """
        raise NotImplementedError

    def close(self):
        """Called when the users are no longer played."""

    # Random numbers that depend on seed, stream, episode and what was drawn before in that episode, and on nothing else.

    def uniform(self, rows, size):
        """float64 [len(rows), size]: uniform in [0, 1)."""
        return (self._bits(rows, size) >> np.uint64(11)) * (1.0 / (1 << 53))

    def normal(self, rows, size):
        """float64 [len(rows), size]: standard normal (Box and Muller)."""
        u = self.uniform(rows, 2 * size)
        return np.sqrt(-2.0 * np.log1p(-u[:, :size])) * np.cos(2.0 * np.pi * u[:, size:])

    def integers(self, rows, size, below):
        """int64 [len(rows), size]: uniform in 0 .. below - 1."""
        return (self.uniform(rows, size) * below).astype(np.int64)

    def _begin(self, num_users, first_stream, seed):
        self.num_users = num_users
        self.seed = seed
        self.streams = (first_stream + np.arange(num_users, dtype=np.int64)).astype(np.uint32)
        self.episode = np.full(num_users, -1, np.int64)
        self.step_number = np.zeros(num_users, np.int64)
        self._keys = np.zeros(num_users, np.uint64)
        self._drawn = np.zeros(num_users, np.uint64)

    def _begin_episodes(self, rows):
        self.episode[rows] += 1
        self.step_number[rows] = 0
        key = _mix(self.streams[rows].astype(np.uint64) ^ np.uint64(_scalar_mix(self.seed)))
        self._keys[rows] = _mix(key ^ self.episode[rows].astype(np.uint64))
        self._drawn[rows] = 0

    def _bits(self, rows, size):
        rows = np.asarray(rows)
        numbers = self._drawn[rows][:, None] + np.arange(1, size + 1, dtype=np.uint64)
        self._drawn[rows] += np.uint64(size)
        return _mix(self._keys[rows][:, None] + numbers * np.uint64(_GOLDEN))


def _mix(x):
    """The finalizer of SplitMix64 (Steele, Lea and Flood 2014), for arrays of uint64."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _scalar_mix(x):
    x = (x + _GOLDEN) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)
