"""recbots.Learner and WeightsServer: of this package against itself, and against the roles."""
import itertools
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from clients_support import BIN, PATIENCE, SOURCE, certificates, eventually, folder, start  # noqa: F401: fixtures

import recbots

DQN = ["--config=deploy/config/browse_prioritized.textproto", "--set=algorithm.dqn={}"]


def tensors(seed=0):
    """Those of the DQN of browse.textproto."""
    rng = np.random.default_rng(seed)
    shapes = {"q.w1": (64, 20), "q.b1": (64,), "q.w2": (64, 64), "q.b2": (64,), "q.w3": (1, 64), "q.b3": (1,)}
    return {name: rng.normal(size=shape).astype(np.float32) * 0.1 for name, shape in shapes.items()}


def test_what_is_published_arrives():
    with recbots.WeightsServer() as server, recbots.Learner(server.address, timeout=30) as learner:
        large = {"x": np.random.default_rng(1).normal(size=(1000, 700)).astype(np.float32)}
        assert server.publish(large, updates=7, env_steps=9) == 1
        weights = learner.weights()
        assert (weights.version, weights.updates, weights.env_steps) == (1, 7, 9)
        np.testing.assert_array_equal(weights.tensors["x"], large["x"])
        watch = learner.watch()
        assert next(watch).version == 1
        for version in range(2, 6):
            server.publish({"x": np.full((3,), version)}, updates=version)
            assert next(watch).version == version
        watch.close()
        assert next(learner.watch(have_version=4)).version == 5
        with pytest.raises(TimeoutError, match=f"learner at {server.address} has published no weights newer than version 5"
                                               " within 0.3 s"):
            next(learner.watch(have_version=5, timeout=0.3))


def test_a_learner_that_comes_back_is_found_again():
    first = recbots.WeightsServer()
    first.publish({"x": np.zeros(1)}, updates=1)
    first.publish({"x": np.zeros(1)}, updates=2)
    with recbots.Learner(first.address, timeout=30) as learner:
        watch = learner.watch()
        assert next(watch).version == 2
        first.close()
        second = eventually(lambda: _try(lambda: recbots.WeightsServer(first.address)), "the port is free again")
        second.publish({"x": np.ones(1)}, updates=1)
        weights = next(watch)
        assert weights.version == 1 and weights.tensors["x"] == [1]
        second.close()


def _try(make):
    try:
        return make()
    except OSError:
        return None


def test_a_port_that_is_taken_is_named():
    with recbots.WeightsServer() as server:
        with pytest.raises(OSError, match=f"cannot listen at {server.address}"):
            recbots.WeightsServer(server.address)


def test_token_and_tls(folder, certificates):  # noqa: F811
    (folder / "token").write_text("a-token-of-24-characters\n")
    security = {"tls_cert": certificates / "peer.pem", "tls_key": certificates / "peer.key",
                "tls_ca": certificates / "ca.pem", "token_file": folder / "token"}
    with recbots.WeightsServer("localhost:0", **security) as server:
        server.publish({"x": np.zeros(1)}, updates=1)
        with recbots.Learner(server.address, timeout=30, **security) as learner:
            assert learner.weights().version == 1
        (folder / "other").write_text("another-token-of-30-characters\n")
        with recbots.Learner(server.address, timeout=30, **dict(security, token_file=folder / "other")) as learner:
            with pytest.raises(PermissionError, match="token"):
                learner.weights()
        with recbots.Learner(server.address, timeout=1) as learner:
            with pytest.raises((ConnectionError, TimeoutError), match="learner at localhost"):
                learner.weights()


def test_actors_act_on_weights_of_python_and_streams_are_given_once(folder, start):  # noqa: F811
    replay_role = start("recbots-replay", *DQN, f"--run_dir={folder}", "--listen=127.0.0.1:0")
    address = replay_role.address()
    with recbots.Replay(address, timeout=PATIENCE) as replay:
        with recbots.WeightsServer(replay=replay) as server:
            server.publish(tensors(), updates=1)
            actors = [start("recbots-actor", *DQN, f"--replay={address}", f"--learner={server.address}", log=f"actor-{i}.out")
                      for i in range(2)]
            eventually(lambda: server.workers["actor"] == 2, "both actors watch")
            version = server.publish(tensors(2), updates=77)
            batches = replay.batches(64, observe=False)
            eventually(lambda: (next(batches)["weights_version"] == version).any(), "rows of the new version")
            batch = next(batches)
            assert set(batch["weights_updates"]) <= {1, 77}
            assert replay.streams_below == 64, "two actors with 32 users"
            batches.close()
            other = start("recbots-evaluator", *DQN, "--set=seed=99", f"--learner={server.address}")
            other.process.wait(PATIENCE)
            assert "the configuration is not that of the first worker: " in other.text()
            for actor in actors:
                assert actor.end() == 0, actor.text()
        assert recbots.WeightsServer(replay=replay)._streams(_Request(32)) == 64, "another learner goes on behind"


class _Request:
    streams_below = 0

    def __init__(self, num_streams):
        self.num_streams = num_streams


def test_own_learner_reaches_its_goal(folder, start):  # noqa: F811
    pytest.importorskip("torch")
    replay = start("recbots-replay", *DQN, f"--run_dir={folder}", "--listen=127.0.0.1:0")
    learner = subprocess.Popen([sys.executable, SOURCE / "deploy/python/examples/own_learner.py", "--replay", replay.address(),
                                "--listen", f"unix:{folder}/own.sock"], stdout=subprocess.PIPE, text=True,
                               env=dict(os.environ, OMP_NUM_THREADS="1"))
    try:
        address = f"unix:{folder}/own.sock"
        start("recbots-actor", *DQN, f"--replay={replay.address()}", f"--learner={address}")
        start("recbots-evaluator", *DQN, f"--learner={address}")
        out, _ = learner.communicate(timeout=5 * PATIENCE)
    finally:
        learner.kill()
        learner.wait()
    assert learner.returncode == 0, out
    assert "goal reached: value 9.0" in out, out
    assert len((SOURCE / "deploy/python/examples/own_learner.py").read_text().splitlines()) <= 120


class Cluster:
    """recbots cluster on browse.textproto, which goes on when its goal is reached."""

    def __init__(self, folder, start, *flags):
        self.run_dir = folder / "run"
        self.role = start("recbots", "cluster", "deploy/config/browse.textproto", f"--run_dir={self.run_dir}", "--keep",
                          "--quiet", *flags)
        self.learner, self.replay = f"unix:{self.run_dir}/learner.sock", f"unix:{self.run_dir}/replay-0.sock"
        eventually(lambda: (self.run_dir / "learner.addresses").exists() and self.role.process.poll() is None,
                   "the learner serves")


@pytest.fixture
def cluster(folder, start):  # noqa: F811
    return Cluster(folder, start)


def test_looks_at_a_cluster(cluster):
    with recbots.Learner(cluster.learner, timeout=PATIENCE) as learner:
        versions = [weights.version for weights in itertools.islice(learner.watch(), 5)]
        assert versions == sorted(set(versions))
        weights = learner.weights()
        assert weights.updates > 0 and all(np.isfinite(values).all() for values in weights.tensors.values())
        assert learner.status()["experiment"] == "browse"
        roles = eventually(lambda: len(learner.roles()) >= 4 and learner.roles(), "all roles hold leases")
        assert {role["role"] for role in roles} == {"replay", "learner", "actor", "evaluator"}
    run = recbots.Run(cluster.run_dir)
    eventually(lambda: (cluster.run_dir / "evaluations.jsonl").exists() and len(run.evaluations) > 2, "evaluations")
    assert run.address("learner") == cluster.learner
    with recbots.Replay(cluster.replay, timeout=PATIENCE) as replay:
        batch = replay.sample(256)
        assert batch["observation"].shape == (256, 10)
        assert replay.info()["readers"] == 1, "the learner alone"
    report = cluster.run_dir / "report.json"
    eventually(lambda: report.exists() and run.report["goal_reached"], "the goal is reached")
    assert cluster.role.end(signal.SIGINT) == 0, cluster.role.text()
    assert run.report["experiment"] == "browse"
    assert set(run.logs) >= {"actor-0", "learner", "replay", "evaluator"} or run.logs
    assert all(np.isfinite(values).all() for values in run.weights.values())
    with pytest.raises(ConnectionError):
        recbots.Learner(cluster.learner, timeout=0.5).weights()


def test_another_experiment_is_refused_by_name(cluster, folder, start):  # noqa: F811
    other = subprocess.run([BIN / "recbots", "train", "deploy/config/browse.textproto", f"--run_dir={folder}/other", "--quiet",
                            "--set=goal.max_updates=1", "--set=goal.share_of_optimum=0",
                            "--set=environment.document_browsing.matrix_seed=7"], cwd=SOURCE, check=True, timeout=PATIENCE)
    assert other.returncode == 0
    run = recbots.Run(folder / "other")
    with recbots.Replay(cluster.replay, timeout=PATIENCE, experiment=run) as replay:
        with pytest.raises(RuntimeError, match="matrix_seed: 7 of the reader, 42 of table 'transitions'"):
            replay.sample(1)
