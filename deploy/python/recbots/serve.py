"""Plays the users of an environment for an actor that started this program, or at an address for all who connect."""
import array
import ctypes
import mmap
import os
import signal
import socket
import struct
import sys
import threading
import traceback

import numpy as np

from . import _environment_wire as wire
from .environment import Environment

_SOCKET = "RECBOTS_ENVIRONMENT_SOCKET"
_HEAD = struct.Struct("<QII")  # sequence, set, bytes of the message that follows
_MESSAGE = 0xFFFFFFFF  # The set that means: a message follows.


def serve(world, users=None, spec=None, address=None, version=""):
    """Plays users until whoever asked for them is gone.

    world    a subclass of recbots.Environment, or a function that makes an environment: an Environment, a VectorEnv of
             Gymnasium, or an Env of Gymnasium, of which one is made for each user
    users    how many users the environment has, where it cannot have any number; others are refused
    spec     a recbots.Spec, where the world has none: what spaces do not say, such as the bounds of rewards
    address  "host:port" or "unix:/path": serve recbots.v1.EnvironmentService there (needs grpcio), each connection with
             an environment of its own. Without it: `--address` among the arguments of the program, or else the actor that
             started the program, by environment.external.command
    """
    maker = _Maker(world, users, spec, version)
    if address is None and "--address" in sys.argv[:-1]:
        address = sys.argv[sys.argv.index("--address") + 1]
    number = os.environ.pop(_SOCKET, None)
    if address is not None:
        _serve_at(address, maker)
    elif number is not None:
        _serve_actor(socket.socket(fileno=int(number)), maker)
    else:
        raise RuntimeError(
            "no actor has started this program, and there is no address: put the command into "
            "environment.external.command of a configuration, or give --address host:port"
        )


class _Maker:
    """Makes environments, and knows the spec without one where it can."""

    def __init__(self, world, users, spec, version):
        self._world, self._users, self._given, self.version = world, users, spec, version
        self._spec = None

    def spec(self):
        if self._spec is None:
            self._spec = self._given or getattr(self._world, "spec", None) or self.make(self._users or 1).spec
            if not isinstance(self._spec, wire.Spec):
                raise TypeError(f"spec is {self._spec!r}, want a recbots.Spec")
        return self._spec

    def make(self, num_users):
        if self._users is not None and num_users != self._users:
            raise ValueError(f"the actor has {num_users} users (actor.users), this environment {self._users}")
        made = self._world()
        if not isinstance(made, Environment):
            from .gym_world import GymWorld

            made = GymWorld(made, self._world, num_users, self._given)
        if made.spec is None:
            made.spec = self._given
        return made


class _Session:
    """One environment and its columns."""

    def __init__(self, maker, hello, memory=None):
        self.spec = maker.spec()
        self.columns = wire.Columns(self.spec, hello.num_users, memory)
        self.out = wire.Out(self.columns)
        self.env = maker.make(hello.num_users)
        self.env._begin(hello.num_users, hello.first_stream, hello.seed)
        self.env.start()
        self.all_rows = np.arange(hello.num_users)
        self.max_steps = self.spec.max_episode_steps

    def answer(self, sequence):
        """Makes the step; returns how many users ended their episode."""
        if sequence == 0:
            self.env._begin_episodes(self.all_rows)
            self.env.reset(self.all_rows, self.out)
            return 0
        columns, env = self.columns, self.env
        columns.results.fill(0)
        env.step(columns.slates, self.out)
        env.step_number += 1
        if self.max_steps > 0:
            columns.truncated[(env.step_number >= self.max_steps) & ~columns.terminated] = True
        rows = np.flatnonzero(columns.terminated | columns.truncated)
        if rows.size > 0:
            columns.next_observation[: rows.size] = columns.observation[rows]
            columns.next_candidates[: rows.size] = columns.candidates[rows]
            env._begin_episodes(rows)
            env.reset(rows, self.out)
        return rows.size


def _report(where):
    """The message for an exception, which is also printed: the actor keeps the last lines."""
    kind, value, _ = sys.exc_info()
    text = traceback.format_exc()
    sys.stderr.write(text)
    sys.stderr.flush()
    return wire.error(where, f"{kind.__name__}: {value}"[:4000], text[-20000:])


def _refusal(hello):
    if hello.protocol == wire.PROTOCOL:
        return None
    return wire.error("hello", f"the actor speaks protocol {hello.protocol}, this program {wire.PROTOCOL}")


def _serve_actor(connection, maker):
    _end_with_parent()
    connection.setblocking(True)
    _ActorLoop(connection, maker).run()


def _end_with_parent():
    """Asks Linux to kill this process when the one that started it ends, also where a shell stands between."""
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    except (OSError, AttributeError):
        return  # Another system: the end of the socket has to do.


class _Gone(Exception):
    """The actor has closed the socket."""


class _ActorLoop:
    def __init__(self, connection, maker):
        self.connection, self.maker = connection, maker
        self.session = None
        self.head = bytearray(_HEAD.size)

    def run(self):
        where = "start"
        try:
            while True:
                sequence, chosen, length, descriptor = self._receive_head()
                if chosen != _MESSAGE:
                    where = "step" if sequence else "reset"
                    self.session.answer(sequence)
                    self.connection.sendall(_HEAD.pack(sequence, chosen, 0))
                    continue
                kind, content = wire.decode(self._receive(length))
                if kind == "hello":
                    where = "start"
                    self._greet(content, descriptor)
                elif kind == "step":
                    where = "step" if content[0] else "reset"
                    self._step(*content)
                elif kind == "close":
                    self._close()
        except _Gone:
            return
        except Exception:
            # Exceptions of an environment are reported; the actor decides whether the program is started again.
            try:
                self._send(0, _report(where))
            except OSError:
                return
            sys.exit(1)
        finally:
            self._close()

    def _receive_head(self):
        descriptor = None
        if self.session is None:
            # Only Hello comes with a descriptor.
            data, control, _, _ = self.connection.recvmsg(_HEAD.size, socket.CMSG_SPACE(4))
            for level, kind, payload in control:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    descriptor = array.array("i", payload[:4])[0]
            if not data:
                raise _Gone
            self.head[: len(data)] = data
            self._fill(memoryview(self.head)[len(data) :])
        else:
            self._fill(memoryview(self.head))
        return (*_HEAD.unpack(self.head), descriptor)

    def _fill(self, view):
        while len(view) > 0:
            got = self.connection.recv_into(view)
            if got == 0:
                raise _Gone
            view = view[got:]

    def _receive(self, length):
        message = bytearray(length)
        self._fill(memoryview(message))
        return message

    def _send(self, sequence, message):
        self.connection.sendall(_HEAD.pack(sequence, _MESSAGE, len(message)) + message)

    def _greet(self, hello, descriptor):
        memory = None
        if descriptor is not None:
            memory = mmap.mmap(descriptor, hello.shared_memory_bytes)
            os.close(descriptor)
        refusal = _refusal(hello)
        if refusal is not None:
            self._send(0, refusal)
            raise _Gone
        spec = self.maker.spec()
        if not hello.plays:
            self._send(0, wire.ready(spec, self.maker.version, os.getpid(), False))
            return
        fits = memory is not None and wire.Columns(spec, hello.num_users).num_bytes == hello.shared_memory_bytes
        self.session = _Session(self.maker, hello, memory if fits else None)
        self._send(0, wire.ready(spec, self.maker.version, os.getpid(), fits))

    def _step(self, sequence, slates):
        columns = self.session.columns
        if sequence > 0:
            columns.slates[...] = np.frombuffer(slates, np.int32).reshape(columns.slates.shape)
        ended = self.session.answer(sequence)
        self._send(sequence, wire.stepped(sequence, columns, ended))

    def _close(self):
        if self.session is not None:
            self.session.env.close()
        self.session = None


def _serve_at(address, maker):
    import concurrent.futures

    import grpc

    unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=64), options=unlimited)
    method = grpc.stream_stream_rpc_method_handler(lambda requests, context: _answers(requests, context, maker))
    handler = grpc.method_handlers_generic_handler("recbots.v1.EnvironmentService", {"Run": method})
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port(address)
    if port == 0 and not address.startswith("unix:"):
        raise OSError(f"cannot listen at {address}")
    server.start()
    shown = address if address.startswith("unix:") else f"{address.rpartition(':')[0]}:{port}"
    print(f"serving the environment '{maker.spec().name}' at {shown}", flush=True)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
    server.stop(1).wait()


def _answers(requests, context, maker):
    """The answers on one stream of EnvironmentService.Run."""
    session, where = None, "start"
    try:
        for message in requests:
            kind, content = wire.decode(message)
            if kind == "hello":
                refusal = _refusal(content)
                if refusal is not None:
                    yield refusal
                    return
                if content.plays:
                    session = _Session(maker, content)
                yield wire.ready(maker.spec(), maker.version, os.getpid(), False)
            elif kind == "step" and session is not None:
                sequence, slates = content
                where = "step" if sequence else "reset"
                if sequence > 0:
                    shape = session.columns.slates.shape
                    session.columns.slates[...] = np.frombuffer(slates, np.int32).reshape(shape)
                yield wire.stepped(sequence, session.columns, session.answer(sequence))
            elif kind == "close":
                return
            else:
                yield wire.error("hello", "the first message is not a Hello")
                return
    except Exception:
        if context.is_active():  # Otherwise the actor has gone.
            yield _report(where)
    finally:
        if session is not None:
            session.env.close()
