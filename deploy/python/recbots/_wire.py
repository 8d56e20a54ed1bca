"""Reads Protobuf's wire format without a copy of what is large."""


def _varint(buffer, at):
    value = shift = 0
    while True:
        byte = buffer[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number of more than 64 bits in a message")


def fields(buffer):
    """Yields (number, value) of each field of a message in `buffer`, a memoryview: numbers as int, the rest as views."""
    at, end = 0, len(buffer)
    while at < end:
        key, at = _varint(buffer, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(buffer, at)
        else:
            size = {1: 8, 5: 4}.get(kind)
            if kind == 2:
                size, at = _varint(buffer, at)
            if size is None or at + size > end:
                raise ValueError("a message that ends too early or has a field of an unknown kind")
            value = buffer[at:at + size]
            at += size
        yield key >> 3, value
