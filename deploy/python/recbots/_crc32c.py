"""CRC-32C (Castagnoli), as blocks of rows and weights carry it.

Where the extension is, it computes; otherwise NumPy does: many parts of the bytes at once, whose checksums are then put
together. A checksum is linear: that of A followed by B is that of A, moved on by the bytes of B, xor that of B.
"""
import functools

import numpy as np

try:
    from . import _sim
except ImportError:
    _sim = None

_POLYNOMIAL = 0x82F63B78
_PART = 128  # Bytes of one part: an even number.
_FEW = 1500  # Up to this many bytes, a loop is faster.


def _table(bits):
    """What moving on by `bits` bits makes of each number below 2^bits."""
    table = np.arange(1 << bits, dtype=np.uint32)
    for _ in range(bits):
        table = (table >> 1) ^ np.where(table & 1, np.uint32(_POLYNOMIAL), np.uint32(0))
    return table


_BYTES = [int(value) for value in _table(8)]


@functools.cache
def _words():
    return _table(16)


@functools.cache
def _shift(num_bytes):
    """Moving on by num_bytes >= 1 zero bytes, as four tables: one for each byte of a state."""
    if num_bytes == 1:
        states = np.uint32(1) << np.arange(32, dtype=np.uint32)
        columns = (states >> 8) ^ _table(8)[states & 0xFF]
    else:
        half = _shift(num_bytes // 2)
        columns = np.uint32(1) << np.arange(32, dtype=np.uint32)
        columns = _move(half, _move(half, columns))
        if num_bytes % 2:
            columns = _move(_shift(1), columns)
    tables = np.zeros((4, 256), np.uint32)
    for byte in range(4):
        for bit in range(8):
            has = (np.arange(256) >> bit & 1).astype(bool)
            tables[byte, has] ^= columns[8 * byte + bit]
    return tables


def _move(tables, states):
    return (tables[0][states & 0xFF] ^ tables[1][states >> 8 & 0xFF] ^ tables[2][states >> 16 & 0xFF] ^
            tables[3][states >> 24])


def _parts(data, state):
    """The state after at least four bytes, from `state`: as from state 0 with the first bytes changed by it. Zeros in
    front of them change nothing then, so that all parts can have the same size."""
    num_parts = 1 << max(0, (len(data) - 1) // _PART).bit_length()
    padded = np.zeros(num_parts * _PART, np.uint8)
    first = len(padded) - len(data)
    padded[first:] = data
    padded[first:first + 4] ^= np.frombuffer(state.to_bytes(4, "little"), np.uint8)
    words = np.ascontiguousarray(padded.view("<u2").reshape(num_parts, _PART // 2).T)
    table, states = _words(), np.zeros(num_parts, np.uint32)
    for word in words:
        states = (states >> 16) ^ table[(states ^ word) & 0xFFFF]
    size = _PART
    while len(states) > 1:
        states = _move(_shift(size), states[0::2]) ^ states[1::2]
        size *= 2
    return int(states[0])


def in_numpy(data, crc=0):
    """The checksum without the extension. `data` is bytes-like; `crc` that of what came before."""
    view = np.frombuffer(data, np.uint8)
    state = ~crc & 0xFFFFFFFF
    if len(view) <= _FEW:
        for byte in view.tolist():
            state = state >> 8 ^ _BYTES[(state ^ byte) & 0xFF]
    else:
        state = _parts(view, state)
    return ~state & 0xFFFFFFFF


def crc32c(data, crc=0):
    """The CRC-32C of `data`, which is bytes-like, after what has the checksum `crc`."""
    if _sim is not None and hasattr(_sim, "crc32c") and crc == 0:
        return _sim.crc32c(data if isinstance(data, bytes) else bytes(data))
    return in_numpy(data, crc)
