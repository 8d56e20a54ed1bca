"""The messages of the roles, which the build generates from proto/recbots/v1."""
try:
    from ._proto import (config_pb2, identity_pb2, membership_pb2, replay_pb2,  # noqa: F401
                         trajectory_pb2, weights_pb2)
except ModuleNotFoundError as error:
    if not (error.name or "").startswith("recbots"):
        raise  # A package is missing, such as protobuf.
    raise ImportError("recbots._proto, the messages of the roles, is not there: pip install ./deploy/python, or build the "
                      "target python_messages and put the folder python of the build folder into PYTHONPATH") from error
