"""The package itself: what it imports, names, configurations."""
import pathlib
import subprocess
import sys

import pytest

import recbots
from recbots import _processor, _sim, experiments


def run(program, *options):
    return subprocess.run([sys.executable, *options, "-c", program], capture_output=True, text=True, timeout=120)


BLOCK = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocked())
"""


def test_imports_with_numpy_alone():
    program = "BLOCKED = {'gymnasium', 'grpc', 'google', 'torch', 'stable_baselines3'}" + BLOCK + """
import importlib.util
find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name in BLOCKED else find_spec(name, *more)
import recbots
print(recbots._sim.version())
try:
    recbots.VectorEnv
except ImportError as error:
    print(error)
"""
    program = program.replace("print(recbots._sim.version())", "from recbots import _sim; print(_sim.version())")
    done = run(program)
    assert done.returncode == 0, done.stderr
    version, error = done.stdout.splitlines()
    assert version == "0.1.0"
    assert error == "recbots.VectorEnv needs the package gymnasium: pip install 'recbots[gym]'"


def test_the_extension_links_neither_grpc_nor_libtorch():
    libraries = subprocess.run(["ldd", _sim.__file__], capture_output=True, text=True, timeout=60, check=True).stdout
    assert "libprotobuf" in libraries
    for name in ("grpc", "torch", "prometheus", "httplib", "openblas"):
        assert name not in libraries


@pytest.mark.parametrize("order", ["recbots, google.protobuf.message", "google.protobuf.message, recbots"])
def test_lives_beside_another_protobuf(order):
    pytest.importorskip("google.protobuf")
    program = f"""
import {order}
from recbots._proto import config_pb2
env = recbots.VectorEnv("browse", 4)
env.reset(seed=1)
config = config_pb2.ExperimentConfig()
config.seed = 5
assert config_pb2.ExperimentConfig.FromString(config.SerializeToString()).seed == 5
"""
    done = run(program)
    assert done.returncode == 0, done.stderr


def test_another_name_is_refused():
    with pytest.raises(AttributeError, match="no attribute 'Vector'"):
        recbots.Vector
    assert "VectorEnv" in dir(recbots)


def test_a_processor_that_lacks_something_is_refused(tmp_path):
    information = tmp_path / "cpuinfo"
    information.write_text("model name : old\nflags\t\t: fpu sse4_2 popcnt avx f16c movbe abm bmi1 bmi2\n", encoding="ascii")
    with pytest.raises(ImportError, match="lacks avx2 fma"):
        _processor.check(information)
    _processor.check(tmp_path / "missing")  # Where nothing can be told.
    _processor.check()


def test_configurations_are_found_by_name(tmp_path):
    names = experiments.names()
    assert {"browse", "interest_evolution", "known_q"} <= set(names)
    for name in names:
        assert pathlib.Path(experiments.find(name)).is_file()
        assert experiments.find(name + ".textproto") == experiments.find(name)
    run_directory = tmp_path / "run"
    run_directory.mkdir()
    (run_directory / "config.textproto").write_text(recbots.Env("browse").simulation.config, encoding="utf-8")
    assert experiments.find(run_directory) == str(run_directory / "config.textproto")
    assert recbots.Env(run_directory).parameters == recbots.Env("browse").parameters
    with pytest.raises(FileNotFoundError, match="browse, "):
        experiments.find(tmp_path)


def test_overrides_are_values_or_texts():
    one = recbots.Env("interest_evolution", {"environment.history.length": 3, "environment.history.remember_user": True,
                                             "environment.history.trace_decay": [0.5, 1]})
    other = recbots.Env("interest_evolution", ["environment.history.length=3", "environment.history.remember_user=true",
                                               "environment.history.trace_decay=0.5,1"])
    assert one.parameters == other.parameters
    assert one.parameters["history_features"] > 0


def test_checksum_is_that_of_castagnoli():
    assert _sim.crc32c(b"123456789") == 0xE3069283
    assert _sim.crc32c(b"56789", _sim.crc32c(b"1234")) == 0xE3069283
