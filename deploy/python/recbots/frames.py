"""The arrays that one step writes; see deploy/python/sim/frames.h for who may hold them for how long."""
import numpy as np


class Rows(dict):
    """A dictionary of arrays [B, ...], of which an index gives the row: rows["user"] is [B, U], rows[3] what user 3 has.

    So code for either form of final observations works: for one dictionary of arrays, and for one observation per user.
    """

    def __getitem__(self, key):
        if isinstance(key, (int, np.integer)):
            return {name: Rows.__getitem__(value, key) if isinstance(value, dict) else value[key]
                    for name, value in self.items()}
        return dict.__getitem__(self, key)


class Frame:
    """Arrays of one step: B users, or one user, whose arrays have no first dimension (num_envs None)."""

    __slots__ = ("user", "doc", "final_user", "final_doc", "flat", "final_flat", "response", "reward", "terminated",
                 "truncated", "ended", "slate", "episode_return", "episode_length", "responses", "observation", "final",
                 "tracked")

    _COLUMNS = ("user", "doc", "final_user", "final_doc", "flat", "final_flat", "response", "reward", "terminated",
                "truncated", "ended", "slate", "episode_return", "episode_length")

    def __init__(self, spec, num_envs, flat, with_final, response_in_observation):
        batch = () if num_envs is None else (num_envs,)
        user, docs = spec["user_features"], (spec["candidates"], spec["candidate_features"])
        k, fields = spec["slate_size"], spec["response"]

        def floats(*shape):
            return np.zeros(batch + shape, np.float32)

        self.response = floats(k, len(fields))
        self.responses = {field: self.response[..., i] for i, field in enumerate(fields)}
        self.user = self.doc = self.final_user = self.final_doc = self.flat = self.final_flat = None
        if flat:
            width = user + docs[0] * docs[1] + (k * len(fields) if response_in_observation else 0)
            self.observation = self.flat = floats(width)
            self.final = self.final_flat = floats(width) if with_final else None
        else:
            self.user, self.doc = floats(user), floats(*docs)
            self.observation = self._parts(self.user, self.doc, response_in_observation)
            self.final = None
            if with_final:
                self.final_user, self.final_doc = floats(user), floats(*docs)
                self.final = self._parts(self.final_user, self.final_doc, response_in_observation)
        one = (1,) if num_envs is None else batch
        self.reward = np.zeros(one, np.float32)
        self.terminated, self.truncated, self.ended = (np.zeros(one, np.bool_) for _ in range(3))
        self.slate = np.zeros(batch + (k,), np.int32)
        self.episode_return = np.zeros(one, np.float64)
        self.episode_length = np.zeros(one, np.int64)
        self.tracked = [array for array in map(self.__getattribute__, self._COLUMNS) if array is not None]
        self.tracked += self.responses.values()

    def _parts(self, user, doc, response_in_observation):
        parts = {}
        if user.shape[-1]:
            parts["user"] = user
        if doc.shape[-1]:
            parts["doc"] = doc
        if response_in_observation:
            parts["response"] = self.responses
        return parts

    def columns(self):
        """What the extension writes to, by name."""
        return {name: getattr(self, name) for name in self._COLUMNS if getattr(self, name) is not None}
