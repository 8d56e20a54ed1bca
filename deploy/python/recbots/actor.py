"""Worlds that drive themselves, such as games, web pages or robots: they ask for slates, and tell what came of them."""
import threading

import numpy as np

from ._packer import Packer
from .learner import Learner
from .replay import Replay

_RETRY_SECONDS = 1.0


class Actor:
    """Acts with the newest weights of a learner, and sends what happens to replay, each row once.

    learner, replay: addresses. `policy`: an object with set_weights(payload) and
    act(observation, candidates) -> (slate int32 [K], probability). n_step and discount are those of the algorithm in the
    configuration of the learner. `experiment`, a recbots.Run, is compared with that of the rows in replay.

    Any number of users may be in the middle of their episodes; `user` is what the caller calls them. An episode begins
    with the first act() of a user and ends with observe(terminated=True) or observe(truncated=True). Thread-safe.
    """

    def __init__(self, learner, replay, *, policy, n_step=1, discount=0.99, table="", timeout=10.0, experiment=None,
                 token_file=None, tls_cert=None, tls_key=None, tls_ca=None):
        security = {"token_file": token_file, "tls_cert": tls_cert, "tls_key": tls_key, "tls_ca": tls_ca}
        self._policy, self._timeout = policy, timeout
        self._learner = Learner(learner, timeout=timeout, **security)
        self._replay = Replay(replay, table=table, timeout=timeout, experiment=experiment, **security)
        self._packer = Packer(self._replay.schema, n_step, discount)
        self._newest = self._taken = self._error = self._final = None
        self._closed, self._changed = False, threading.Condition()
        self._writer = self._replay.writer()
        self._thread = threading.Thread(target=self._watch, name="recbots-weights", daemon=True)
        self._thread.start()

    def _watch(self):
        while not self._closed:
            try:
                for weights in self._learner.watch(0 if self._newest is None else self._newest.version, timeout=_RETRY_SECONDS):
                    with self._changed:
                        self._newest, self._error = weights, None
                        self._changed.notify_all()
                    if self._closed:
                        return
            except (TimeoutError, ConnectionError) as error:
                self._error = error  # It may come back; act() says so where it has nothing to act with.
            except Exception as error:  # noqa: BLE001: act() raises it.
                with self._changed:
                    self._final = error
                    self._changed.notify_all()
                return

    def act(self, observation=None, candidates=None, user=None):
        """The slate int32 [K] for what the user is, float32 [U], and for what is offered, float32 [N, D]; with the
        probability that the policy had for it, and the version of the weights. Waits for the first weights."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._newest or self._final, self._timeout):
                raise TimeoutError(f"no weights within {self._timeout:g} s: {self._error or 'the learner has published none'}")
            if self._final:
                raise self._final
            if self._newest is not self._taken:
                self._policy.set_weights(self._newest.payload)
                self._taken = self._newest
            self._packer.check_act(user)
            observation = self._packer.column("observation", observation)
            candidates = self._packer.column("candidates", candidates)
            slate, probability = self._policy.act(observation, candidates)
            slate, probability = self._packer.column("slate", slate), float(probability)
            version, updates = self._taken.version, self._taken.updates
            self._send(self._packer.shown(user, observation, candidates, slate, probability, version, updates))
            return slate, probability, version

    def observe(self, reward, *, observation=None, candidates=None, response=None, terminated=False, truncated=False,
                user=None):
        """What came of the user's newest slate: the reward, the response [K, R], and what the user is, and is offered,
        next. terminated: the user has left, nothing follows. truncated: something else has cut the episode."""
        with self._changed:
            self._send(self._packer.outcome(user, reward, observation, candidates, response, terminated, truncated))

    def _send(self, rows):
        if rows:
            self._writer.append(self._packer.pack(rows), weights_version=rows[-1]["weights_version"])

    @property
    def acknowledged_rows(self):
        """How many rows replay has taken."""
        return self._writer.acknowledged_rows

    def flush(self, timeout=None):
        """Returns when replay has taken all rows that are complete."""
        self._writer.flush(self._timeout if timeout is None else timeout)

    def close(self):
        """Ends orderly. Rows that wait for later steps are lost, as those of an actor's are."""
        self._closed = True
        self._replay.close()
        self._learner.close()
        self._thread.join(2 * _RETRY_SECONDS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
