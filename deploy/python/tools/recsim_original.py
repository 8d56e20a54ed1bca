"""RecSim 0.2.4 itself, for comparisons and for tests with its own agents: loads what of it needs no TensorFlow.

RecSim wants TensorFlow 1 and Dopamine, which no current Python has. Simulator, agents without a network and the runner's
episode loop do not need them but for decorators, which set parameters from files: stand-ins take their place, and
Gymnasium that of Gym, its predecessor.

    pip install --no-deps recsim==0.2.4
    pip install absl-py six
"""
import abc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types

import numpy

_MISSING = ("tensorflow", "dopamine", "gin")


class _Anything(abc.ABCMeta):
    """A class of which every attribute is one, too."""

    def __getattr__(cls, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return _make(name)


def _make(name):
    return _Anything(name, (), {"__init__": lambda self, *arguments, **named: None})


class _StandIn(types.ModuleType):
    __path__ = ()

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return _configurable if name == "configurable" else _make(name)


def _configurable(*arguments, **_):
    return arguments[0] if len(arguments) == 1 and callable(arguments[0]) else lambda decorated: decorated


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self) if name.partition(".")[0] in _MISSING else None

    def create_module(self, spec):
        return _StandIn(spec.name)

    def exec_module(self, module):
        pass


def _give_numpy_its_old_names():
    """RecSim writes np.Inf, which NumPy 2 has no more."""
    if not hasattr(numpy, "Inf"):
        numpy.Inf = numpy.inf


def installed():
    return all(importlib.util.find_spec(name) for name in ("recsim", "absl", "six"))


def load(module):
    """The module recsim.`module`. ModuleNotFoundError where RecSim is not installed."""
    import gymnasium

    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())  # The last: where one is installed, it is taken.
    _give_numpy_its_old_names()
    sys.modules.setdefault("gym", gymnasium)
    sys.modules.setdefault("gym.spaces", gymnasium.spaces)
    return importlib.import_module("recsim." + module)
