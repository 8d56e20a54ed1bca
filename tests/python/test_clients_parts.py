"""The parts of the clients that need no role."""
import json
import random
import struct

import numpy as np
import pytest

import recbots
from recbots import _crc32c, _schema, _weights, _wire
from recbots._connection import Security, check_address
from recbots._messages import replay_pb2, trajectory_pb2
from recbots._plain import plain


def slow_crc32c(data):
    state = 0xFFFFFFFF
    for byte in data:
        state ^= byte
        for _ in range(8):
            state = state >> 1 ^ (0x82F63B78 if state & 1 else 0)
    return state ^ 0xFFFFFFFF


@pytest.mark.parametrize("size", [0, 1, 9, 1499, 1500, 1501, 1600, 4096, 5000, 20011])
def test_crc32c_is_that_of_the_definition(size):
    data = random.Random(size).randbytes(size)
    assert _crc32c.in_numpy(data) == _crc32c.crc32c(data) == slow_crc32c(data)
    cut = size // 3
    assert _crc32c.in_numpy(data[cut:], _crc32c.in_numpy(data[:cut])) == _crc32c.in_numpy(data)


def test_crc32c_of_known_values():
    # RFC 3720, appendix B.4.
    assert _crc32c.in_numpy(b"123456789") == 0xE3069283
    assert _crc32c.in_numpy(bytes(32)) == 0x8A9136AA
    assert _crc32c.in_numpy(bytes([0xFF] * 32)) == 0x62A8AB43
    assert _crc32c.in_numpy(bytes(1 << 16)) == slow_crc32c(bytes(1 << 16))


def columns():
    return [("flag", "i4", ()), ("user", "f4", (3,)), ("when", "i8", ()), ("items", "f4", (2, 5))]


def test_a_row_has_the_offsets_of_replay():
    schema = _schema.Schema(columns())
    assert [schema.dtype.fields[name][1] for name in schema.names] == [0, 4, 16, 24]
    assert schema.row_bytes == 64
    assert schema.batch_bytes(3) == 320  # Bytes 0..12, 64..100, 128..152, 192..312.
    assert _schema.Schema.of(schema.message) == schema


def test_a_batch_is_views_of_one_buffer():
    schema = _schema.Schema(columns())
    payload = np.zeros(schema.batch_bytes(7), np.uint8)
    views = schema.views(payload, 7)
    views["items"][6, 1, 4] = 2.5
    assert views["items"].shape == (7, 2, 5)
    assert all(np.shares_memory(view, payload) for view in views.values())
    # Bytes 0..28, 64..148, 192..248, 256..536.
    assert struct.unpack("<f", payload[532:536].tobytes()) == (2.5,)


def test_rows_are_packed_and_wrong_ones_are_named():
    schema = _schema.Schema(columns())
    rows = {"flag": [1, 2], "user": np.ones((2, 3)), "when": [5, 6], "items": np.arange(20).reshape(2, 2, 5)}
    packed = schema.pack(rows)
    assert packed["items"][1, 1, 4] == 19 and packed.dtype == schema.dtype
    assert schema.pack(packed) is not None
    with pytest.raises(ValueError, match=r"missing columns \['when'\] and unknown columns \['then'\]"):
        schema.pack({"flag": [1], "user": np.ones((1, 3)), "then": [5], "items": np.zeros((1, 2, 5))})
    with pytest.raises(ValueError, match=r"column user of shape \(2, 4\), want \(2, 3\)"):
        schema.pack(dict(rows, user=np.ones((2, 4))))
    with pytest.raises(ValueError, match="rows of list"):
        schema.pack([1, 2])
    with pytest.raises(ValueError, match="column x of float64"):
        _schema.Schema([("x", "f8", ())])
    strange = trajectory_pb2.RowSchema()
    strange.columns.add(name="x", dtype=9)
    with pytest.raises(ValueError, match="column x has dtype 9"):
        _schema.Schema.of(strange)


def test_weights_come_back_and_damage_is_named():
    tensors = {"q.w1": np.arange(6, dtype=np.float32).reshape(2, 3), "scale": np.float32(3), "none": np.zeros((0, 4))}
    encoded = _weights.encode(tensors)
    decoded = _weights.decode(encoded)
    assert list(decoded) == list(tensors)
    for name, values in tensors.items():
        assert decoded[name].shape == np.shape(values)
        np.testing.assert_array_equal(decoded[name], values)
    for at in range(len(encoded)):
        damaged = bytearray(encoded)
        damaged[at] ^= 1
        with pytest.raises(ValueError):
            _weights.decode(bytes(damaged))
        with pytest.raises(ValueError):
            _weights.decode(encoded[:at])
    with pytest.raises(ValueError, match="w1.bin: checksum"):
        _weights.decode(encoded[:-1] + b"\x7f", "w1.bin")
    with pytest.raises(ValueError, match="tensor bad has values that are not finite"):
        _weights.encode({"bad": np.array([np.nan])})


def test_messages_become_dictionaries():
    info = replay_pb2.InfoResponse(readers=3)
    table = info.tables.add(name="t", samples_blocked_on=replay_pb2.BLOCKED_ON_SPI_SAMPLE)
    table.counters["observed"] = 7
    table.state.rows = 5
    info = plain(info)
    assert info["readers"] == 3 and info["tables"][0]["state"]["rows"] == 5
    assert info["tables"][0]["samples_blocked_on"] == "spi_sample"
    assert info["tables"][0]["counters"] == {"observed": 7}
    assert info["tables"][0]["schema"] is None


def test_fields_of_a_message_and_what_is_none():
    message = replay_pb2.SampleHeader(payload_bytes=300, keys=[1, 2], probabilities=[0.5]).SerializeToString()
    found = dict(_wire.fields(memoryview(message)))
    assert found[1] == 300
    np.testing.assert_array_equal(np.frombuffer(found[6], "<u8"), [1, 2])
    for cut in range(1, len(message)):
        try:
            list(_wire.fields(memoryview(message[:cut])))
        except (ValueError, IndexError):
            pass
    with pytest.raises(ValueError, match="unknown kind"):
        list(_wire.fields(memoryview(b"\x0b\x01")))


def test_addresses():
    assert check_address("replay", "[::1]:70") == "[::1]:70"
    assert check_address("replay", "unix:/tmp/x.sock")
    for wrong in ("host", "host:", ":80", "host:70000", "a:1,b:2"):
        with pytest.raises(ValueError, match="replay at '" + wrong.replace("[", "")):
            check_address("replay", wrong)


def test_security_names_file_and_fault(tmp_path):
    short = tmp_path / "token"
    short.write_text("short\n")
    with pytest.raises(ValueError, match="token_file .*: 5 characters, want one line of 16..4096"):
        Security(token_file=short)
    with pytest.raises(ValueError, match="tls_ca .*none'?: No such file"):
        Security(tls_ca=tmp_path / "none")
    with pytest.raises(ValueError, match="want both or none"):
        Security(tls_cert=short)
    with pytest.raises(ValueError, match="tls_ca without tls_cert"):
        short.write_text("x" * 16)
        Security(tls_ca=short).server_credentials()


def test_a_run_directory(tmp_path):
    with pytest.raises(FileNotFoundError, match="no run directory"):
        recbots.Run(tmp_path / "none")
    run = recbots.Run(tmp_path)
    for name in ("config", "report", "evaluations", "weights", "identity", "metrics"):
        with pytest.raises(FileNotFoundError, match="is not there: "):
            getattr(run, name)
    (tmp_path / "config.textproto").write_text('name: "x" seed: 3 algorithm { dqn {} }')
    (tmp_path / "report.json").write_text(json.dumps({"value": 1.5}))
    (tmp_path / "evaluations.jsonl").write_text('{"updates": 1, "value": 2.5}\n{"updates": 2, "value": 3.5}\n{"upd')
    (tmp_path / "metrics.csv").write_text("updates,value\n10,\n20,3\n")
    tensors = {"q.w1": np.ones((2, 2), np.float32)}
    (tmp_path / "weights.bin").write_bytes(_weights.encode(tensors))
    (tmp_path / "learner.log").write_text("hello")
    (tmp_path / "learner.addresses").write_text("http 127.0.0.1:5\ngrpc unix:/x/learner.sock\n")
    assert run.config.seed == 3 and run.config.algorithm.HasField("dqn")
    assert run.report == {"value": 1.5}
    evaluations = run.evaluations
    values = list(evaluations["value"]) if hasattr(evaluations, "columns") else [row["value"] for row in evaluations]
    assert values == [2.5, 3.5]
    assert len(run.metrics) == 2
    np.testing.assert_array_equal(run.weights["q.w1"], tensors["q.w1"])
    assert run.logs == {"learner": tmp_path / "learner.log"}
    assert run.address("learner") == "unix:/x/learner.sock" and run.address("learner", "http") == "127.0.0.1:5"
    with pytest.raises(LookupError, match="no line of smtp, there are: http, grpc"):
        run.address("learner", "smtp")
    (tmp_path / "weights.bin").write_bytes(_weights.encode(tensors)[:-1])
    with pytest.raises(ValueError, match="weights.bin: checksum"):
        run.weights


def test_nobody_there_is_said_within_the_time_out():
    with pytest.raises(ConnectionError, match="replay at 127.0.0.1:1 could not be reached within 0.5 s: .*refused"):
        recbots.Replay("127.0.0.1:1", timeout=0.5).info()
    with pytest.raises(ConnectionError, match="learner at 127.0.0.1:1 could not be reached within 0.7 s: .*refused"):
        recbots.Learner("127.0.0.1:1", timeout=0.7).weights()
    with pytest.raises(ValueError, match="where its pages are is not known"):
        recbots.Learner("127.0.0.1:1").status()
    with pytest.raises(ConnectionError, match="learner's pages at http://127.0.0.1:1: "):
        recbots.Learner("127.0.0.1:1", pages="127.0.0.1:1").status()


def test_imports_need_no_extension():
    for name in ("Run", "Replay", "Learner", "Actor", "WeightsServer"):
        assert getattr(recbots, name).__module__.startswith("recbots.")
