"""Rows of replay as NumPy sees them (common/base/row_schema.h)."""
import numpy as np

from ._messages import trajectory_pb2

_DTYPES = {1: np.dtype("<f4"), 2: np.dtype("<i4"), 3: np.dtype("<i8")}
_NUMBERS = {dtype: number for number, dtype in _DTYPES.items()}
_ALIGNMENT = 64  # Of columns in a batch.


def _up(value, multiple):
    return -(-value // multiple) * multiple


class Schema:
    """The columns of a row. `dtype` is that of a row, a structured type with the offsets that replay uses."""

    def __init__(self, columns):
        """`columns`: (name, dtype, shape) of each, in the order of the row."""
        offset, names, formats, offsets = 0, [], [], []
        for name, dtype, shape in columns:
            dtype = np.dtype(dtype).newbyteorder("<")
            if dtype not in _NUMBERS:
                raise ValueError(f"column {name} of {dtype}, want float32, int32 or int64")
            offset = _up(offset, dtype.itemsize)
            names.append(name)
            formats.append((dtype, tuple(shape)))
            offsets.append(offset)
            offset += dtype.itemsize * int(np.prod(shape, dtype=np.int64))
        self.columns = [(name, dtype, shape) for name, (dtype, shape) in zip(names, formats)]
        self.dtype = np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": _up(offset, 8)})

    @classmethod
    def of(cls, message):
        """From the message RowSchema."""
        for column in message.columns:
            if column.dtype not in _DTYPES:
                raise ValueError(f"column {column.name} has dtype {column.dtype}, which this version does not know")
        return cls([(column.name, _DTYPES[column.dtype], tuple(column.shape)) for column in message.columns])

    @property
    def message(self):
        """The message RowSchema."""
        schema = trajectory_pb2.RowSchema()
        for name, dtype, shape in self.columns:
            schema.columns.add(name=name, dtype=_NUMBERS[dtype], shape=shape)
        return schema

    @property
    def names(self):
        return list(self.dtype.names)

    @property
    def row_bytes(self):
        return self.dtype.itemsize

    def batch_bytes(self, rows):
        """Bytes of a batch laid out as columns."""
        end = 0
        for _, dtype, shape in self.columns:
            end = _up(end, _ALIGNMENT) + rows * dtype.itemsize * int(np.prod(shape, dtype=np.int64))
        return _up(end, _ALIGNMENT)

    def views(self, payload, rows):
        """The columns [rows, shape...] of a batch, as views of `payload`, a uint8 array."""
        columns, end = {}, 0
        for name, dtype, shape in self.columns:
            begin = _up(end, _ALIGNMENT)
            end = begin + rows * dtype.itemsize * int(np.prod(shape, dtype=np.int64))
            columns[name] = payload[begin:end].view(dtype).reshape((rows,) + shape)
        return columns

    def pack(self, rows):
        """Rows in a contiguous structured array: from one, or from a mapping of all columns to arrays [rows, ...]."""
        if isinstance(rows, np.ndarray) and rows.dtype == self.dtype:
            return np.ascontiguousarray(rows).reshape(-1)
        if isinstance(rows, np.ndarray) and rows.dtype.names is not None:
            rows = {name: rows[name] for name in rows.dtype.names}
        if not isinstance(rows, dict):
            raise ValueError(f"rows of {type(rows).__name__}, want a structured array or columns by name")
        missing = [name for name in self.names if name not in rows]
        more = [name for name in rows if name not in self.names]
        if missing or more:
            raise ValueError(f"rows with missing columns {missing} and unknown columns {more}, want {self.names}")
        sizes = {name: len(np.atleast_1d(rows[name])) for name in self.names}
        count = next(iter(sizes.values()))
        packed = np.zeros(count, self.dtype)
        for name, _, shape in self.columns:
            values = np.asarray(rows[name])
            if values.shape != (count,) + shape:
                raise ValueError(f"column {name} of shape {values.shape}, want {(count,) + shape}")
            packed[name] = values
        return packed

    def __eq__(self, other):
        return isinstance(other, Schema) and self.columns == other.columns

    __hash__ = None

    def __repr__(self):
        return ", ".join(f"{name} {dtype.name}{list(shape) if shape else ''}" for name, dtype, shape in self.columns)
