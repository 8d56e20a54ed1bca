"""Replay's rows for notebooks and for training loops of one's own."""
import time

import numpy as np

from ._connection import Connection, Security
from ._messages import identity_pb2, replay_pb2
from ._plain import plain
from ._sample_stream import Batch, SampleStream, most_observed
from ._schema import Schema
from ._writer import Writer

_SERVICE = "/recbots.v1.ReplayService/"
_PAUSE = 0.1
_AHEAD = 16  # Parts of one batch on their way.
_SAMPLED_AHEAD = 6  # Batches on their way while sample() is called again and again.
_FRESH_SECONDS = 0.5  # How long before the call they may have been ordered.


def identity_of(experiment):
    """The message of an experiment: of a Run, or of bytes; None: rows are not compared."""
    if experiment is None:
        return None
    identity = getattr(experiment, "identity", experiment)
    return identity_pb2.ExperimentIdentity.FromString(identity) if isinstance(identity, bytes) else identity


class Replay:
    """One replay process, or one shard of several.

    Reads look on unless told otherwise: nothing that the learner samples, and no counter of its table, changes.
    Not thread-safe: one object per thread. `experiment`, a recbots.Run, is compared with that of the rows.
    token_file, tls_cert, tls_key and tls_ca are what the roles' flags of these names are.
    """

    def __init__(self, address, *, table="", timeout=10.0, experiment=None, token_file=None, tls_cert=None,
                 tls_key=None, tls_ca=None):
        self._connection = Connection("replay", address, timeout, Security(token_file, tls_cert, tls_key, tls_ca))
        self._table, self._identity = table, identity_of(experiment)
        self._schema = self._schema_message = self._stream = self._writer = self._sampled = None
        self._sampled_at = 0.0

    def info(self):
        """What the process holds, and what its streams wait for: the fields of InfoResponse as a dictionary."""
        return plain(self._info())

    def _info(self):
        return self._connection.call(_SERVICE + "Info", replay_pb2.InfoRequest(), replay_pb2.InfoResponse)

    @property
    def schema(self):
        """The columns of a row. Waits until a first writer or learner has told replay what rows are."""
        deadline = time.monotonic() + self._connection.timeout
        while self._schema is None:
            tables = {info.name: info for info in self._info().tables}
            table = next(iter(tables.values()), None) if not self._table else tables.get(self._table)
            if table is None:
                raise LookupError(f"{self._connection}: no table {self._table!r}, there are: {', '.join(tables)}")
            if table.HasField("schema"):
                self._schema_message, self._schema = table.schema, Schema.of(table.schema)
            elif time.monotonic() + _PAUSE > deadline:
                raise TimeoutError(f"{self._connection}: no actor or learner has told within "
                                   f"{self._connection.timeout:g} s what the rows of table {table.name} are")
            else:
                time.sleep(_PAUSE)
        return self._schema

    @property
    def streams_below(self):
        """Random streams that learners have given to actors are below this number: those of another learner begin here."""
        return max((table.state.streams_below for table in self._info().tables), default=0)

    def reserve_streams(self, below):
        """Makes the table remember, also in its checkpoints, that streams below this number are given away. A learner
        says so before it gives them."""
        stream = self._open(False, 1, streams_below=below)
        try:
            stream.order([0])
            stream.receive(self._connection.timeout, f"reserving streams below {below}")
        finally:
            stream.close()

    def sample(self, n, *, observe=True):
        """A Batch of n rows, drawn with replacement.

        observe=True: uniformly from the rows present, while others train. Calls that follow each other quickly have
        their batches drawn up to half a second before. observe=False: as a learner draws, by the table's sampler,
        counted, and held back by the limiter. TimeoutError says what the rows wait for.
        """
        parts = self._parts(n, observe)
        deadline = time.monotonic() + self._connection.timeout
        while True:
            if self._stream is None or self._stream.observe != observe or self._stream.max_rows < parts[0]:
                self._drop()
                self._stream = self._open(observe, parts[0])
            try:
                self._order(self._stream, parts)
                return self._receive(self._stream, parts, n)
            except ConnectionError:  # Perhaps replay was restarted: another stream may find it again.
                self._drop()
                if time.monotonic() + _PAUSE > deadline:
                    raise
                time.sleep(_PAUSE)
            except BaseException:
                self._drop()
                raise

    def batches(self, n, *, observe=True, ahead=4):
        """An endless iterator of batches as sample() makes them, of which up to `ahead` are on their way beforehand."""
        parts = self._parts(n, observe)
        stream = self._open(observe, parts[0], 1 + ahead)
        try:
            stream.order(parts[:_AHEAD] if len(parts) > 1 else parts * (1 + ahead))
            while True:
                yield self._receive(stream, parts, n)
                stream.order(parts[:_AHEAD])
        finally:
            stream.close()

    def _order(self, stream, parts):
        """Orders a batch that sample() wants, unless one that was ordered beforehand will do."""
        now = time.monotonic()
        quick, self._sampled = self._sampled == (parts, stream) and now < self._sampled_at + _FRESH_SECONDS, (parts, stream)
        self._sampled_at = now
        while stream.ordered and (stream.ordered[0][0] != parts[0] or stream.ordered[0][1] < now - _FRESH_SECONDS):
            stream.receive(self._connection.timeout, "a batch ordered before")
        ahead = _SAMPLED_AHEAD if quick and stream.observe and len(parts) == 1 else 0
        if len(parts) > 1:
            stream.order(parts[:_AHEAD])
        elif len(stream.ordered) <= ahead // 2:
            stream.order(parts * (1 + ahead - len(stream.ordered)))

    def _parts(self, n, observe):
        """Rows of the batches of which one of n rows is made."""
        most = min(n, most_observed(self.schema)) if observe else n
        if not 1 <= n <= (1 << 24 if observe else 65536):
            raise ValueError(f"a batch of {n} rows, want 1..{1 << 24 if observe else 65536}")
        return [most] * (n // most) + ([n % most] if n % most else [])

    def _open(self, observe, max_rows, max_batches=1, streams_below=0):
        schema = self.schema
        if observe:
            max_rows, max_batches = most_observed(schema), max(max_batches, _AHEAD)
        return SampleStream(self._connection, schema, self._schema_message, self._identity, self._table, max_rows,
                            max_batches, observe, streams_below)

    def _receive(self, stream, parts, n):
        """A batch of n rows, the first _AHEAD parts of which are ordered."""
        doing = f"a batch of {n} rows"
        if len(parts) == 1:
            return stream.receive(self._connection.timeout, doing)
        columns = {name: np.empty((n,) + shape, dtype) for name, dtype, shape in self._schema.columns}
        keys, probabilities, at = np.empty(n, np.uint64), np.empty(n, np.float32), 0
        for i, rows in enumerate(parts):
            part = stream.receive(self._connection.timeout, doing)
            stream.order(parts[i + _AHEAD:i + _AHEAD + 1])
            for name, values in part.columns.items():
                columns[name][at:at + rows] = values
            keys[at:at + rows], probabilities[at:at + rows] = part.keys, part.probabilities
            at += rows
        return Batch(columns, keys, probabilities, part.table_bytes)

    def update_priorities(self, keys, priorities):
        """Sets new priorities of rows that a batch named; returns how many were used, and how many rows were gone."""
        keys, priorities = np.asarray(keys, np.uint64), np.asarray(priorities, np.float32)
        request = replay_pb2.UpdatePrioritiesRequest(table=self._table, keys=keys.tolist(), priorities=priorities.tolist())
        answer = self._connection.call(_SERVICE + "UpdatePriorities", request, replay_pb2.UpdatePrioritiesResponse)
        if answer.refused:
            raise ValueError(f"{self._connection}: {answer.refused} priorities refused: {answer.refusal}")
        return answer.updated, answer.stale

    def insert(self, rows, *, priorities=None, weights_version=0):
        """Stores rows, a structured array of schema.dtype or a mapping of all columns, each once, whatever happens to
        the connection, and returns when replay has taken them. TimeoutError says what holds them up: the rows are kept
        then and still sent, and the next call waits for them as well."""
        writer = self.writer()
        writer.append(self.schema.pack(rows), priorities, weights_version)
        writer.flush(self._connection.timeout)

    def writer(self):
        """The Writer behind insert(), for those who do not wait for each row."""
        if self._writer is None:
            self._writer = Writer(self._connection, self.schema, table=self._table, identity=self._identity)
        return self._writer

    def _drop(self):
        if self._stream is not None:
            self._stream.close()
        self._stream = self._sampled = None

    def close(self):
        self._drop()
        if self._writer is not None:
            self._writer.close()
        self._connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
