"""recbots.Replay against a replay process."""
import signal
import socket
import threading

import numpy as np
import pytest
from clients_support import certificates, eventually, folder, start  # noqa: F401: fixtures

import recbots

CONFIG = """
name: "clients" seed: 1
environment { document_browsing {} }
algorithm { dqn {} }
replay {
  table { name: "transitions" rate_limiter { min_size: 10 samples_per_insert: 1 error_buffer: 1000 } }
  more_tables {
    name: "own" capacity_rows: 20000 sampler: PRIORITIZED
    columns { name: "number" type: INT64 }
    columns { name: "values" shape: 98 }
    rate_limiter { min_size: 100 samples_per_insert: 2 error_buffer: 600 }
  }
  more_tables {
    name: "free" capacity_rows: 200000
    columns { name: "number" type: INT64 } columns { name: "values" shape: 98 }
    rate_limiter { min_size: 1 samples_per_insert: 0 }
  }
  more_tables {
    name: "queue" max_times_sampled: 1 sampler: OLDEST columns { name: "number" type: INT64 }
    rate_limiter { kind: QUEUE queue_size: 100 }
  }
}
"""


@pytest.fixture
def server(folder, start):
    (folder / "config.textproto").write_text(CONFIG)
    return start("recbots-replay", f"--config={folder}/config.textproto", f"--run_dir={folder}", "--listen=127.0.0.1:0")


def rows(first, count):
    number = np.arange(first, first + count)
    return {"number": number, "values": np.repeat(number[:, None], 98, axis=1).astype(np.float32)}


def open_table(server, name, **options):
    return recbots.Replay(server.address(), table=name, timeout=options.pop("timeout", 30), **options)


def state(replay, name):
    return next(table for table in replay.info()["tables"] if table["name"] == name)["state"]


def test_rows_go_in_and_come_out(server):
    with open_table(server, "own") as replay:
        assert replay.schema.names == ["number", "values"]
        assert replay.schema.row_bytes == 400
        replay.insert(rows(0, 300), priorities=np.full(300, 2.0), weights_version=5)
        batch = replay.sample(64)
        assert len(batch) == 64 and batch["values"].shape == (64, 98)
        np.testing.assert_array_equal(batch["values"], np.repeat(batch["number"][:, None], 98, axis=1))
        np.testing.assert_allclose(batch.probabilities, 1 / 300)
        assert batch["values"].flags.aligned and batch["values"].flags.writeable
        assert np.shares_memory(batch["values"], batch["number"].base) or batch["values"].base is not None
        assert batch.table["rows"] == 300
        assert replay.update_priorities(batch.keys, np.ones(64)) == (64, 0)
        assert replay.update_priorities(batch.keys ^ (1 << 40), np.ones(64)) == (0, 64)
        with pytest.raises(ValueError, match="1 priorities refused"):
            replay.update_priorities(batch.keys[:1], [-1.0])


def test_looking_on_takes_nothing_from_the_ratio(server):
    with open_table(server, "own") as replay:
        replay.insert(rows(0, 400))
        before = state(replay, "own")
        for _ in range(50):
            replay.sample(256)
        large = replay.sample(20_001)
        assert len(large) == 20_001
        np.testing.assert_array_equal(large["values"][:, 97], large["number"])
        assert len(np.unique(large["number"])) > 350
        for _, batch in zip(range(40), replay.batches(100, ahead=8)):
            assert len(batch) == 100
        after = state(replay, "own")
        assert before == dict(after, age_seconds=before["age_seconds"])
        info = replay.info()
        assert info["readers"] == 0
        assert info["tables"][1]["counters"]["observed"] >= 256 * 50 + 20_001 + 4000
        # A learner's draws are counted, and held back: 2 x 400 - 200 + 600 are admitted.
        assert len(replay.sample(100, observe=False)) == 100
        assert state(replay, "own")["sampled"] == 100


def test_a_time_out_says_what_rows_wait_for(server):
    with open_table(server, "own", timeout=1) as replay:
        with pytest.raises(TimeoutError, match="replay at 127.0.0.1:[0-9]+ has sent no batch within 1 s: a batch of 5 rows"):
            replay.sample(5)
        replay.insert(rows(0, 50))
        with pytest.raises(TimeoutError, match=r"own has 50 rows and waits for its first rows \(min_size\)"):
            replay.sample(5, observe=False)
        assert len(replay.sample(5)) == 5
        # The limiter admits (2 x 100 + 600) / 2 rows before anybody samples.
        with pytest.raises(TimeoutError, match="has not taken [0-9]+ rows within 1 s: waits for the learner"):
            replay.insert(rows(50, 1000))
        assert len(replay.sample(300, observe=False)) == 300
        replay.sample(300, observe=False)
        eventually(lambda: state(replay, "own")["inserted"] > 600, "rows kept are still sent")


def test_nobody_looks_on_at_a_queue(server):
    with open_table(server, "queue") as replay:
        replay.insert({"number": np.arange(10)})
        with pytest.raises(RuntimeError, match="table 'queue' is a queue"):
            replay.sample(1)
        np.testing.assert_array_equal(replay.sample(10, observe=False)["number"], np.arange(10))


def test_errors_name_what_is_wrong(server):
    with open_table(server, "nowhere") as replay:
        with pytest.raises(LookupError, match="no table 'nowhere', there are: transitions, own, free, queue"):
            replay.sample(1)
    with open_table(server, "transitions", timeout=0.5) as replay:
        with pytest.raises(TimeoutError, match="no actor or learner has told within 0.5 s what the rows"):
            replay.sample(1)
        assert replay.info()["tables"][0]["schema"] is None, "looking on does not decide it"
    with open_table(server, "own") as replay:
        for n in (0, -1, 1 << 25):
            with pytest.raises(ValueError, match=f"a batch of {n} rows"):
                replay.sample(n)
        with pytest.raises(ValueError, match="priorities of shape"):
            replay.insert(rows(0, 2), priorities=[1.0])
        with pytest.raises(ValueError, match="missing columns"):
            replay.insert({"number": [1]})


def test_every_row_is_stored_once_whatever_breaks(server, folder, start):
    """A proxy cuts the connection again and again while rows go in."""
    proxy = Proxy(server.address())
    with recbots.Replay(proxy.address, table="free", timeout=60) as replay:
        writer = replay.writer()
        for i in range(60):
            writer.append(replay.schema.pack(rows(i * 500, 500)))
            if i % 6 == 5:
                seen = writer.acknowledged_rows
                eventually(lambda: writer.acknowledged_rows > seen or seen == writer.appended_rows, "rows get through")
                proxy.cut()
        writer.flush(60)
        assert writer.connections > 5
        assert writer.acknowledged_rows == 30_000 and writer.lost_rows == 0
    proxy.close()
    with open_table(server, "free") as replay:
        table = state(replay, "free")
        assert table["inserted"] == 30_000 == table["rows"]
        numbers = np.unique(replay.sample(1_000_000)["number"])
        assert numbers[0] >= 0 and numbers[-1] < 30_000
        assert len(numbers) == 30_000, "all were drawn among a million, except with probability 1e-10"


def test_a_store_that_forgets_is_noticed(folder, start):
    (folder / "config.textproto").write_text(CONFIG)
    arguments = [f"--config={folder}/config.textproto", f"--run_dir={folder}", f"--listen=unix:{folder}/replay.sock"]
    first = start("recbots-replay", *arguments)
    address = first.address()
    with recbots.Replay(address, table="free", timeout=30) as replay:
        replay.insert(rows(0, 100))
        replay.sample(10)
        first.end(signal.SIGKILL)
        (folder / "replay.addresses").unlink()
        second = start("recbots-replay", *arguments)
        second.address()
        replay.insert(rows(100, 50))
        assert replay.writer().lost_rows == 100
        assert state(replay, "free")["inserted"] == 50
        batch = replay.sample(200)
        assert batch["number"].min() >= 100


def test_token_and_tls(folder, start, certificates):
    (folder / "config.textproto").write_text(CONFIG)
    (folder / "token").write_text("a-token-of-24-characters\n")
    (folder / "other").write_text("another-token-of-30-characters\n")
    flags = [f"--tls_cert={certificates}/peer.pem", f"--tls_key={certificates}/peer.key", f"--tls_ca={certificates}/ca.pem",
             f"--token_file={folder}/token"]
    server = start("recbots-replay", f"--config={folder}/config.textproto", f"--run_dir={folder}", "--listen=127.0.0.1:0",
                   *flags)
    tls = {"tls_cert": certificates / "peer.pem", "tls_key": certificates / "peer.key", "tls_ca": certificates / "ca.pem"}
    with open_table(server, "free", token_file=folder / "token", **tls) as replay:
        replay.insert(rows(0, 10))
        assert len(replay.sample(3)) == 3
    with open_table(server, "free", token_file=folder / "other", **tls) as replay:
        with pytest.raises(PermissionError, match="another token"):
            replay.info()
    with open_table(server, "free", **tls) as replay:
        with pytest.raises(PermissionError, match="no token"):
            replay.info()
    with open_table(server, "free", token_file=folder / "token", timeout=1) as replay:
        with pytest.raises((ConnectionError, TimeoutError), match="replay at "):
            replay.info()


class Proxy:
    """Passes bytes on, and cuts all connections when told."""

    def __init__(self, target):
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._sockets, self._lock, self._closed = set(), threading.Lock(), False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self._closed:
            try:
                ours, _ = self._listener.accept()
                theirs = socket.create_connection(self._target)
            except OSError:
                return
            with self._lock:
                self._sockets |= {ours, theirs}
            for source, to in ((ours, theirs), (theirs, ours)):
                threading.Thread(target=self._pass, args=(source, to), daemon=True).start()

    def _pass(self, source, to):
        try:
            while data := source.recv(65536):
                to.sendall(data)
        except OSError:
            pass
        self._end(source, to)

    def _end(self, *sockets):
        with self._lock:
            for one in sockets:
                if one in self._sockets:
                    self._sockets.discard(one)
                    try:
                        one.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass
                    one.close()

    def cut(self):
        with self._lock:
            sockets = list(self._sockets)
        self._end(*sockets)

    def close(self):
        self._closed = True
        self.cut()
        self._listener.close()


