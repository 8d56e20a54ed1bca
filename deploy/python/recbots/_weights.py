"""Named float32 tensors <-> bytes: weights on the wire and in weights.bin (common/inference/weights.h)."""
import math
import struct

import numpy as np

from ._crc32c import crc32c

_MAGIC = b"RBWT"
_MAX_RANK, _MAX_NAME, _MAX_TENSORS = 4, 128, 4096


class _Reader:
    def __init__(self, data, what):
        self.data, self.at, self.what = memoryview(data), 0, what

    def take(self, size):
        if self.at + size > len(self.data):
            raise ValueError(f"{self.what}: {len(self.data)} bytes, want at least {self.at + size}")
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self):
        return struct.unpack("<I", self.take(4))[0]


def decode(data, what="weights"):
    """{name: float32 array} of an encoding, whose checksum is verified. ValueError: it is damaged, or none."""
    return _read(data, what)[0]


def identity(data, what="weights"):
    """What the tensors were trained for, the bytes of an ExperimentIdentity; none if the encoding does not tell."""
    return _read(data, what)[1]


def _read(data, what):
    reader = _Reader(data, what)
    if bytes(reader.take(4)) != _MAGIC:
        raise ValueError(f"{what}: begins with {bytes(data[:4])!r}, want {_MAGIC!r}")
    version, crc = reader.number(), reader.number()
    if version not in (1, 2):
        raise ValueError(f"{what}: format version {version}, want 1 or 2")
    actual = crc32c(reader.data[reader.at:])
    if actual != crc:
        raise ValueError(f"{what}: checksum {actual:08x}, want {crc:08x}")
    tensors = {}
    for _ in range(_bounded(reader, "tensors", _MAX_TENSORS)):
        name = bytes(reader.take(_bounded(reader, "bytes of a name", _MAX_NAME))).decode()
        shape = tuple(reader.number() for _ in range(_bounded(reader, "dimensions", _MAX_RANK)))
        tensors[name] = np.frombuffer(reader.take(4 * math.prod(shape)), "<f4").reshape(shape).copy()
    trained_for = bytes(reader.take(reader.number())) if version == 2 else b""
    if reader.at != len(reader.data):
        raise ValueError(f"{what}: {len(reader.data)} bytes, want {reader.at}")
    return tensors, trained_for


def _bounded(reader, thing, most):
    value = reader.number()
    if value > most:
        raise ValueError(f"{reader.what}: {value} {thing}, want at most {most}")
    return value


def encode(tensors):
    """The encoding of {name: array}, in this order. ValueError: a value is not finite."""
    parts = [struct.pack("<I", len(tensors))]
    for name, values in tensors.items():
        values = np.asarray(values, "<f4", order="C")
        if not np.isfinite(values).all():
            raise ValueError(f"tensor {name} has values that are not finite")
        parts.append(struct.pack("<I", len(name.encode())) + name.encode())
        parts.append(struct.pack(f"<I{values.ndim}I", values.ndim, *values.shape))
        parts.append(values.tobytes())
    body = b"".join(parts)
    return _MAGIC + struct.pack("<II", 1, crc32c(body)) + body
