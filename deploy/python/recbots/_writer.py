"""Rows into replay, each once, whatever happens to connections and servers (replay/client/writer_session.h)."""
import collections
import os
import queue
import random
import socket
import threading
import time

import grpc
import numpy as np

from ._crc32c import crc32c
from ._messages import replay_pb2
from ._reasons import REASONS

_METHOD = "/recbots.v1.ReplayService/Insert"
_BLOCK_BYTES = 64 << 10
_MAX_ROWS = 65536
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5
_MAX_REFUSALS = 20  # In a row, of one block, whose bytes do not arrive as they were sent.
# What no second attempt would change.
_FINAL = (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.NOT_FOUND,
          grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.UNIMPLEMENTED)


class _Block:
    """Rows first .. first + count - 1 of the writer's life."""

    def __init__(self, first, rows, priorities, weights_version):
        self.first, self.count, self.weights_version = first, len(rows), weights_version
        self.rows = rows.tobytes()
        self.priorities = b"" if priorities is None else np.asarray(priorities, "<f4").tobytes()
        self.crc = None  # Computed when it is sent.

    def message(self, base):
        if self.crc is None:
            self.crc = crc32c(self.priorities, crc32c(self.rows))
        return replay_pb2.InsertRequest(block=replay_pb2.InsertBlock(
            first_sequence=self.first - base, num_rows=self.count, weights_version=self.weights_version, crc32c=self.crc,
            rows=self.rows, priorities=self.priorities, awaited=True)).SerializeToString()


class Writer:
    """Appends rows to a table of replay. Rows are kept until they are acknowledged, and sent again after a break; those
    that replay has stored before are skipped there by their sequence numbers. Where a store has lost rows that it had
    acknowledged (it was restarted from an older checkpoint, or from none), those are counted as lost, and the writer
    goes on as a new one. Thread-safe. A thread of its own talks to replay."""

    def __init__(self, connection, schema, *, table="", identity=None, max_kept_bytes=64 << 20):
        self.acknowledged_rows = self.lost_rows = self.connections = self.resent_rows = 0
        self._connection, self._schema, self._table, self._identity = connection, schema, table, identity
        self._max_kept_bytes, self._kept_bytes = max_kept_bytes, 0
        self._schema_message = schema.message
        self._kept = collections.deque()  # Blocks of which not all rows are acknowledged, in order.
        self._appended = self._sent = 0  # Rows of the writer's life, those sent on this stream included.
        self._base = 0  # The row that has sequence number 0.
        self._writer_id, self._store = os.urandom(16), None
        self._window, self._share, self._blocked_on, self._refusals = 0, 0, 0, 0
        self._last, self._error, self._closed, self._call = "", None, False, None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="recbots-writer", daemon=True)
        self._thread.start()

    @property
    def appended_rows(self):
        return self._appended

    def append(self, rows, priorities=None, weights_version=0):
        """Takes rows (schema.dtype), at once; waits up to the time-out while more than max_kept_bytes are not stored."""
        if priorities is not None:
            priorities = np.asarray(priorities, np.float32)
            if priorities.shape != (len(rows),) or not (np.isfinite(priorities) & (priorities >= 0)).all():
                raise ValueError(f"priorities of shape {priorities.shape}, want {(len(rows),)}, each finite and at least 0")
        step = max(1, min(_BLOCK_BYTES // self._schema.row_bytes, _MAX_ROWS))
        timeout = self._connection.timeout
        with self._changed:
            if not self._changed.wait_for(lambda: self._error or self._kept_bytes <= self._max_kept_bytes, timeout):
                raise self._late(timeout, self._appended)
            self._check()
            if priorities is None and self._extend(rows, weights_version, step):
                self._changed.notify_all()
                return
            for begin in range(0, len(rows), step):
                part = None if priorities is None else priorities[begin:begin + step]
                block = _Block(self._appended, rows[begin:begin + step], part, weights_version)
                self._kept.append(block)
                self._kept_bytes += len(block.rows)
                self._appended += block.count
            self._changed.notify_all()

    def _extend(self, rows, weights_version, step):
        """Adds rows to the last block, if it has not been sent and has room for them."""
        last = self._kept[-1] if self._kept else None
        if last is None or last.first < self._sent or last.crc is not None or last.priorities:
            return False
        if last.weights_version != weights_version or last.count + len(rows) > step:
            return False
        more = rows.tobytes()
        last.rows += more
        last.count += len(rows)
        self._kept_bytes += len(more)
        self._appended += len(rows)
        return True

    def flush(self, timeout):
        """Returns when replay has all rows appended so far."""
        with self._changed:
            until = self._appended
            if not self._changed.wait_for(lambda: self._error or self.acknowledged_rows >= until, timeout):
                raise self._late(timeout, until)
            self._check()

    def close(self):
        """Ends the stream orderly; rows that are not acknowledged are not sent any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(2)
        if self._call is not None:
            self._call.cancel()

    def _check(self):
        if self._error is not None:
            raise self._error

    def _late(self, timeout, until):
        why = f"waits for {REASONS[self._blocked_on]}" if self._blocked_on in REASONS else self._last or "no answer"
        return TimeoutError(f"{self._connection} has not taken {until - self.acknowledged_rows} rows within {timeout:g} s: "
                            f"{why}")

    def _run(self):
        pause = _FIRST_PAUSE
        while not self._closed:
            began = self.acknowledged_rows
            try:
                self._talk()
            except grpc.RpcError as error:
                with self._changed:
                    self._last = error.details() or error.code().name.lower()
                    if error.code() in _FINAL and not self._closed:
                        self._error = self._connection.error(error, "inserting rows")
                        self._changed.notify_all()
                        return
            except Exception as error:  # noqa: BLE001: whoever appends or flushes gets it.
                with self._changed:
                    self._error = error
                    self._changed.notify_all()
                return
            pause = _FIRST_PAUSE if self.acknowledged_rows > began else min(2 * pause, _LONGEST_PAUSE)
            with self._changed:
                self._blocked_on = 0
                self._changed.wait_for(lambda: self._closed, pause * random.uniform(0.8, 1))

    def _talk(self):
        """One stream, from hello to its end."""
        hello = replay_pb2.WriterHello(writer_id=self._writer_id, writer_name=f"{socket.gethostname()}/{os.getpid()}"[:256],
                                       schema=self._schema_message, table=self._table)
        if self._identity is not None:
            hello.identity.CopyFrom(self._identity)
        messages = queue.SimpleQueue()
        messages.put(replay_pb2.InsertRequest(hello=hello).SerializeToString())
        call = self._call = self._connection.stream(_METHOD, iter(messages.get, None))
        sender, ended = None, threading.Event()
        try:
            for message in call:
                ack = replay_pb2.InsertAck.FromString(message)
                with self._changed:
                    if sender is None and not self._begin(ack):
                        return
                    self._take(ack)
                if sender is None:
                    sender = threading.Thread(target=self._send, args=(messages, ended), name="recbots-sender", daemon=True)
                    sender.start()
        finally:
            ended.set()
            with self._changed:
                self._changed.notify_all()
            messages.put(None)
            call.cancel()

    def _begin(self, ack):
        """Whether the store that answered knows all rows that it, or one before it, had acknowledged."""
        self.connections += 1
        known = self._base + ack.acknowledged_rows
        if known > self._appended:
            raise RuntimeError(f"{self._connection} has {ack.acknowledged_rows} rows of this writer, which has written "
                               f"{self._appended - self._base}")
        if (self._store is not None and ack.store_id != self._store) or known < self.acknowledged_rows:
            has = known if ack.store_id == self._store else self._base
            self.lost_rows += self.acknowledged_rows - has
            self._base, self._writer_id, self._store = self.acknowledged_rows, os.urandom(16), None
            self._split_first()
            return False  # The next stream begins as another writer.
        self._store = ack.store_id
        self.resent_rows += max(0, self._sent - max(known, self.acknowledged_rows))
        self._sent = max(known, self.acknowledged_rows)
        return True

    def _split_first(self):
        """The first row of a new writer is the first one that is not acknowledged."""
        if not self._kept or self._kept[0].first >= self._base:
            return
        block = self._kept[0]
        rows = np.frombuffer(block.rows, np.uint8).reshape(block.count, -1)[self._base - block.first:]
        priorities = np.frombuffer(block.priorities, "<f4")[self._base - block.first:] if block.priorities else None
        self._kept[0] = _Block(self._base, rows, priorities, block.weights_version)

    def _take(self, ack):
        self._window, self._share, self._blocked_on = ack.window_bytes, ack.max_waiting_rows, ack.blocked_on
        done = self._base + ack.acknowledged_rows
        if done > self.acknowledged_rows:
            self.acknowledged_rows, self._refusals = done, 0
        while self._kept and self._kept[0].first + self._kept[0].count <= done:
            self._kept_bytes -= len(self._kept.popleft().rows)
        if ack.HasField("refusal"):
            self._refusals += 1
            lost_on_the_way = ack.refusal.code == grpc.StatusCode.DATA_LOSS.value[0]
            if not lost_on_the_way or self._refusals > _MAX_REFUSALS:
                raise ValueError(f"{self._connection} refuses rows: {ack.refusal.message}")
            self._sent = self.acknowledged_rows
        self._changed.notify_all()

    def _next(self):
        """The next block that may be sent now: as far as the window and this writer's share of waiting rows admit."""
        flying = self._sent - self.acknowledged_rows
        for block in self._kept:
            if block.first + block.count <= self._sent:
                continue
            fits = (flying + block.count) * self._schema.row_bytes <= self._window
            shared = self._share == 0 or flying + block.count <= self._share
            return block if flying <= 0 or (fits and shared) else None
        return None

    def _send(self, messages, ended):
        while True:
            with self._changed:
                self._changed.wait_for(lambda: ended.is_set() or self._closed or self._next() is not None)
                block = None if ended.is_set() else self._next()
                if block is None:
                    messages.put(None)  # Half-closes, if it is this side that ends.
                    return
                self._sent = block.first + block.count
                base = self._base
            messages.put(block.message(base))
