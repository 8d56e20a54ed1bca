"""Messages and columns of recbots.v1.EnvironmentService (environment.proto), without Protobuf: an environment needs
NumPy alone."""
import struct

import numpy as np

from .environment import Spec

PROTOCOL = 1
NO_ROW = -1


# The encoding of Protobuf: a key (number << 3 | kind) and a value, in any order.


def _varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(field, value):
    return _varint(field << 3) + _varint(int(value))


def _double(field, value):
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _bytes(field, value):
    return b"".join((_varint(field << 3 | 2), _varint(len(value)), value))


def _text(field, value):
    return _bytes(field, value.encode())


def fields(message):
    """Yields (field, value): whole numbers, floats, or memoryviews. Raises ValueError if the bytes are no message."""
    message = memoryview(message)
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            if at >= len(message) or shift > 63:
                raise ValueError("a message ends within a number")
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = varint()
        kind = key & 7
        if kind == 0:
            value = varint()
        else:
            length = varint() if kind == 2 else {1: 8, 5: 4}.get(kind)
            if length is None or at + length > len(message):
                raise ValueError(f"a message has a field of kind {kind} that cannot be read")
            value = message[at : at + length]
            at += length
            if kind == 1:
                value = struct.unpack("<d", value)[0]
        yield key >> 3, value


def encode_spec(spec):
    return b"".join(
        [
            _text(1, spec.name),
            _number(2, spec.user_features),
            _number(3, spec.candidate_features),
            _number(4, spec.candidates),
            _number(5, spec.slate_size),
            *(_text(6, name) for name in spec.response),
            _number(7, spec.clusters),
            _double(8, spec.min_reward),
            _double(9, spec.max_reward),
            _number(10, spec.max_episode_steps),
        ]
    )


class Hello:
    """What the actor asks for: B users, on the streams first_stream .. first_stream + B - 1 of the seed."""

    def __init__(self, message):
        self.protocol = self.first_stream = self.seed = self.shared_memory_bytes = 0
        self.num_users = 1
        self.plays = False  # Without a spec, the actor only asks what the program is.
        names = {1: "protocol", 3: "num_users", 4: "first_stream", 5: "seed", 6: "shared_memory_bytes"}
        for field, value in fields(message):
            self.plays = self.plays or field == 2
            if field in names:
                setattr(self, names[field], value)


def decode(message):
    """("hello", Hello), ("step", (sequence, slates)), ("close", None) or (None, None): the kind is not known."""
    for field, value in fields(message):
        if field == 1:
            return "hello", Hello(value)
        if field == 2:
            parts = dict(fields(value))
            return "step", (parts.get(1, 0), parts.get(2, b""))
        if field == 3:
            return "close", None
    return None, None


def ready(spec, version, pid, shared_memory):
    body = [_number(1, PROTOCOL), _bytes(2, encode_spec(spec)), _text(3, version), _number(4, pid)]
    return _bytes(1, b"".join(body + [_number(5, shared_memory)]))


def error(where, message, traceback="", row=NO_ROW):
    return _bytes(3, b"".join([_text(1, where), _number(2, row), _text(3, message), _text(4, traceback)]))


def stepped(sequence, columns, num_ended):
    """The answer to a step with its columns; to sequence 0 only what the policy sees."""
    parts = [_number(1, sequence)]
    if sequence > 0:
        parts += [_bytes(2, columns.response.tobytes()), _bytes(3, columns.reward.tobytes())]
        parts += [_bytes(4, columns.terminated.tobytes()), _bytes(5, columns.truncated.tobytes())]
    parts += [_bytes(6, columns.observation.tobytes()), _bytes(7, columns.candidates.tobytes())]
    if num_ended > 0:
        parts.append(_bytes(8, columns.next_observation[:num_ended].tobytes()))
        parts.append(_bytes(9, columns.next_candidates[:num_ended].tobytes()))
    return _bytes(2, b"".join(parts))


class Columns:
    """The columns of B users, as views of one piece of memory: each at the next multiple of 64 bytes, in this order."""

    def __init__(self, spec, num_users, memory=None):
        b, k, n = num_users, spec.slate_size, spec.candidates
        parts = [
            ("slates", np.int32, (b, k)),
            ("response", np.float32, (b, k, len(spec.response))),
            ("reward", np.float32, (b,)),
            ("terminated", np.bool_, (b,)),
            ("truncated", np.bool_, (b,)),
            ("observation", np.float32, (b, spec.user_features)),
            ("candidates", np.float32, (b, n, spec.candidate_features)),
            ("next_observation", np.float32, (b, spec.user_features)),
            ("next_candidates", np.float32, (b, n, spec.candidate_features)),
        ]
        offsets, end = {}, 0
        for name, dtype, shape in parts:
            offsets[name] = end
            end = -(-(end + int(np.prod(shape)) * np.dtype(dtype).itemsize) // 64) * 64
        self.num_bytes = -(-end // 4096) * 4096
        if memory is None:
            memory = np.zeros(self.num_bytes, np.uint8)
        for name, dtype, shape in parts:
            count = int(np.prod(shape))
            setattr(self, name, np.frombuffer(memory, dtype, count, offsets[name]).reshape(shape))
        # What a step begins with as zeros: response, reward and flags lie beside each other.
        begin = offsets["response"]
        self.results = np.frombuffer(memory, np.uint8, offsets["observation"] - begin, begin)


class Out:
    """The columns that an environment fills. `out.reward = values` copies, as `out.reward[:] = values` does."""

    def __init__(self, columns):
        views = {name: getattr(columns, name) for name in ("response", "reward", "terminated", "truncated")}
        # One place for both: `serve` keeps what a step led to where an episode ends, before it resets these users.
        views.update(observation=columns.observation, candidates=columns.candidates)
        views.update(next_observation=columns.observation, next_candidates=columns.candidates)
        self.__dict__.update(views)

    def __setattr__(self, name, value):
        column = self.__dict__.get(name)
        if column is None:
            raise AttributeError(f"out has no column {name!r}, only {', '.join(self.__dict__)}")
        value = np.asarray(value)
        if value.shape not in ((), column.shape):
            raise ValueError(f"out.{name} is {list(column.shape)}, not {list(value.shape)}")
        column[...] = value
