"""Recommender bots: a fast simulator of users, and a distributed actor-learner that trains bots in it.

Names are loaded when they are first used, so that `import recbots` needs NumPy alone: what wants Gymnasium, gRPC or
Protobuf says so when it is asked for.
"""
import importlib

from . import _processor

_processor.check()

# Name -> module that defines it.
_MODULES = {
    "Environment": ".environment",
    "Spec": ".environment",
    "serve": ".serve",
    "Run": ".run",
    "Replay": ".replay",
    "Actor": ".actor",
    "Learner": ".learner",
    "LearntPolicy": ".learnt_policy",
    "WeightsServer": ".weights_server",
}
_EXTRAS = {"gymnasium": "gym", "grpc": "client", "google": "client", "stable_baselines3": "sb3"}

__all__ = sorted(_MODULES)


def __getattr__(name):
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module 'recbots' has no attribute {name!r}")
    try:
        value = getattr(importlib.import_module(module, __name__), name)
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        raise ImportError(f"recbots.{name} needs the package {error.name}: pip install 'recbots[{extra}]'") from error
    globals()[name] = value
    return value


def __dir__():
    return sorted(set(globals()) | set(__all__))
