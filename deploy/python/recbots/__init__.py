"""Recommender bots: a fast simulator of users, and a distributed actor-learner that trains bots in it.

Names are loaded when they are first used, so that `import recbots` needs NumPy alone: what wants Gymnasium, gRPC or
Protobuf says so when it is asked for.
"""
import importlib
import importlib.util

from . import _processor

_processor.check()

# Name -> module that defines it.
_MODULES = {
    "Env": ".env",
    "VectorEnv": ".vector_env",
    "SlateSpace": ".spaces",
    "Policy": ".policy",
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

_SUBMODULES = ("experiments", "recsim", "sb3")

__all__ = sorted([*_MODULES, *_SUBMODULES])


def __getattr__(name):
    if name in _SUBMODULES:
        return _load(name, lambda: importlib.import_module("." + name, __name__))
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module 'recbots' has no attribute {name!r}")
    return _load(name, lambda: getattr(importlib.import_module(module, __name__), name))


def _load(name, make):
    try:
        value = make()
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        raise ImportError(f"recbots.{name} needs the package {error.name}: pip install 'recbots[{extra}]'") from error
    globals()[name] = value
    return value


def __dir__():
    return sorted(set(globals()) | set(__all__))


def _register():
    """Makes each shipped configuration an environment of Gymnasium, where that is installed: gym.make("recbots:NAME")."""
    if importlib.util.find_spec("gymnasium") is None:
        return
    from gymnasium.envs.registration import register, registry

    from . import experiments

    for name in experiments.names():
        if name not in registry:
            register(name, entry_point="recbots:Env", vector_entry_point="recbots:VectorEnv", kwargs={"config": name})


_register()
