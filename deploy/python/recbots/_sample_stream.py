"""One stream of batches from replay."""
import collections
import queue
import time

import grpc
import numpy as np

from . import _wire
from ._connection import Patience
from ._messages import replay_pb2
from ._plain import plain
from ._reasons import REASONS

_METHOD = "/recbots.v1.ReplayService/Sample"
_OBSERVED_BYTES = 1 << 20  # The largest batch of a reader who looks on.


class Batch:
    """Rows of replay. `columns`: {name: array [n, ...]}, views of one buffer that belongs to the batch; `keys` uint64 [n]
    name the rows for update_priorities; `probabilities` float32 [n] are those of the draws. batch["reward"] is
    batch.columns["reward"]."""

    def __init__(self, columns, keys, probabilities, table_bytes):
        self.columns, self.keys, self.probabilities, self.table_bytes = columns, keys, probabilities, table_bytes

    @property
    def table(self):
        """The state of the table at the draw: the fields of TableState as a dictionary."""
        return plain(replay_pb2.TableState.FromString(bytes(self.table_bytes)))

    def __getitem__(self, name):
        return self.columns[name]

    def __len__(self):
        return len(self.keys)


def most_observed(schema):
    """Rows of the largest batch for a reader who looks on."""
    rows = max(1, _OBSERVED_BYTES // max(1, schema.row_bytes))
    while rows > 1 and schema.batch_bytes(rows) > _OBSERVED_BYTES:
        rows -= 1
    return min(rows, 65536)


class SampleStream:
    """Orders batches and receives them. Not thread-safe; an error ends it."""

    def __init__(self, connection, schema, schema_message, identity, table, max_rows, max_batches, observe,
                 streams_below=0):
        self.observe, self.max_rows, self.max_batches = observe, max_rows, max_batches
        self.ordered = collections.deque()  # (rows, time of the order) of each batch ordered and not received.
        self._connection, self._schema = connection, schema
        self._received = self._acknowledged = 0
        self._credits = queue.SimpleQueue()
        first = replay_pb2.SampleCredit(table=table, schema=schema_message, max_rows=max_rows, max_batches=max_batches,
                                        observe=observe, streams_below=streams_below)
        if identity is not None:
            first.identity.CopyFrom(identity)
        self._credits.put(first.SerializeToString())
        self._call = connection.stream(_METHOD, iter(self._credits.get, None))
        self._patience = Patience(self._call)

    def order(self, rows):
        """Asks for batches of these numbers of rows, and says that all batches received so far were used."""
        credit = replay_pb2.SampleCredit(rows=rows, acknowledged_batches=self._received)
        now = time.monotonic()
        self.ordered.extend((n, now) for n in rows)
        self._credits.put(credit.SerializeToString())

    def receive(self, timeout, doing):
        """The next batch, in the order of orders."""
        self._patience.begin(timeout)
        try:
            header, parts, last = None, [], False
            while not last:
                last = False
                for number, value in _wire.fields(memoryview(next(self._call))):
                    if number == 1:
                        header = value
                    elif number == 2:
                        parts.append(value)
                    elif number == 3:
                        last = bool(value)
        except StopIteration:
            raise ConnectionError(f"{self._connection}: {doing}: the stream ended") from None
        except grpc.RpcError as error:
            if self._patience.expired:
                raise self._timed_out(timeout, doing) from None
            raise self._connection.error(error, doing) from None
        finally:
            self._patience.end()
        self.ordered.popleft()
        self._received += 1
        return self._batch(header, parts)

    def _timed_out(self, timeout, doing):
        return TimeoutError(f"{self._connection} has sent no batch within {timeout:g} s: {doing}{self._why()}")

    def _why(self):
        """What a batch waits for, where replay can still be asked."""
        try:
            info = self._connection.call("/recbots.v1.ReplayService/Info", replay_pb2.InfoRequest(),
                                         replay_pb2.InfoResponse, timeout=1)
        except Exception:  # noqa: BLE001: the time-out is what is told; this only adds to it.
            return ""
        blocked = [f"{table.name} has {table.state.rows} rows and waits for {REASONS.get(table.samples_blocked_on, '?')}"
                   for table in info.tables if table.samples_blocked_on > 1]
        return f"; table {', '.join(blocked)}" if blocked else ""

    def _batch(self, header, parts):
        rows, table = 0, None
        keys, probabilities = np.empty(0, np.uint64), np.empty(0, np.float32)
        for number, value in _wire.fields(header):
            if number == 2:
                rows = value
            elif number == 3:
                table = value
            elif number == 6:
                keys = np.frombuffer(value, "<u8")
            elif number == 7:
                probabilities = np.frombuffer(value, "<f4")
        size = sum(len(part) for part in parts)
        if rows and size != self._schema.batch_bytes(rows):
            raise RuntimeError(f"{self._connection}: a batch of {rows} rows has {size} bytes, "
                               f"want {self._schema.batch_bytes(rows)}")
        # One copy makes the columns aligned, writable and independent of the message.
        payload = np.empty(size, np.uint8)
        at = 0
        for part in parts:
            payload[at:at + len(part)] = part
            at += len(part)
        return Batch(self._schema.views(payload, rows), keys, probabilities, table)

    def close(self):
        self._patience.close()
        self._credits.put(None)
        self._call.cancel()

