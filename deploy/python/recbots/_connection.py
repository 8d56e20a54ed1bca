"""Connections to roles: TLS and token as the roles' flags name them, time-outs that say whom they wait for."""
import random
import threading
import time

import grpc

_MAX_MESSAGE_BYTES = 64 << 20
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5

# What a status of gRPC is in Python.
_ERRORS = {
    grpc.StatusCode.INVALID_ARGUMENT: ValueError,
    grpc.StatusCode.OUT_OF_RANGE: ValueError,
    grpc.StatusCode.NOT_FOUND: LookupError,
    grpc.StatusCode.UNAUTHENTICATED: PermissionError,
    grpc.StatusCode.PERMISSION_DENIED: PermissionError,
    grpc.StatusCode.UNAVAILABLE: ConnectionError,
    grpc.StatusCode.CANCELLED: ConnectionError,
    grpc.StatusCode.DEADLINE_EXCEEDED: TimeoutError,
}


class Security:
    """What the flags of the same names are to a role: PEM files, and the file with the token that all roles share."""

    def __init__(self, token_file=None, tls_cert=None, tls_key=None, tls_ca=None):
        if (tls_cert is None) != (tls_key is None):
            raise ValueError(f"tls_cert {tls_cert!r} and tls_key {tls_key!r}, want both or none")
        self.certificate, self.key, self.authority = (_read(name, path) for name, path in
                                                      (("tls_cert", tls_cert), ("tls_key", tls_key), ("tls_ca", tls_ca)))
        self.token = None if token_file is None else _token(token_file)

    @property
    def has_tls(self):
        return self.certificate is not None or self.authority is not None

    @property
    def metadata(self):
        return () if self.token is None else (("authorization", "Bearer " + self.token),)

    def channel(self, address):
        options = (("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES), ("grpc.use_local_subchannel_pool", 1),
                   ("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 500),
                   ("grpc.keepalive_time_ms", 10_000), ("grpc.keepalive_timeout_ms", 10_000))
        if not self.has_tls:
            return grpc.insecure_channel(address, options)
        return grpc.secure_channel(address, grpc.ssl_channel_credentials(self.authority, self.key, self.certificate),
                                   options)

    def server_credentials(self):
        """For a server; None: plain text."""
        if not self.has_tls:
            return None
        if self.certificate is None:
            raise ValueError("tls_ca without tls_cert and tls_key is enough for a client only")
        return grpc.ssl_server_credentials([(self.key, self.certificate)], self.authority, self.authority is not None)


def _read(name, path):
    if path is None:
        return None
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise ValueError(f"{name} {str(path)!r}: {error.strerror}") from error


def _token(path):
    token = _read("token_file", path).decode("ascii", "replace").rstrip("\r\n")
    if not 16 <= len(token) <= 4096 or any(not "!" <= character <= "~" for character in token):
        raise ValueError(f"token_file {str(path)!r}: {len(token)} characters, want one line of 16..4096 that can be printed")
    return token


def check_address(who, address):
    """One address: HOST:PORT or unix:/PATH."""
    if "," in address:
        raise ValueError(f"{who} at {address!r}: {address.count(',') + 1} addresses, want 1: one object for each shard")
    port = address.rpartition(":")[2]
    if not address.startswith("unix:/") and not (port.isdigit() and int(port) < 65536 and address[:-len(port) - 1]):
        raise ValueError(f"{who} at {address!r}, want HOST:PORT or unix:/PATH")
    return address


class Connection:
    """To one role. `who` is its name in messages: "replay". Thread-safe."""

    def __init__(self, who, address, timeout, security):
        self.who, self.address, self.timeout, self.security = who, check_address(who, address), timeout, security
        self._channel = security.channel(address)

    def __str__(self):
        return f"{self.who} at {self.address}"

    def close(self):
        self._channel.close()

    def error(self, error, doing):
        """The exception of Python that says what went wrong with whom."""
        code, details = error.code(), error.details()
        return _ERRORS.get(code, RuntimeError)(f"{self}: {doing}: {details or code.name.lower()}")

    def call(self, method, request, response_type, timeout=None):
        """One call; as long as nobody answers, again and again until the time-out."""
        timeout = self.timeout if timeout is None else timeout
        deadline, pause, last = time.monotonic() + timeout, _FIRST_PAUSE, ""
        stub = self._channel.unary_unary(method, request_serializer=type(request).SerializeToString,
                                         response_deserializer=response_type.FromString)
        name = method.rpartition("/")[2]
        while True:
            left = deadline - time.monotonic()
            try:
                return stub(request, timeout=max(left, 0.001), metadata=self.security.metadata)
            except grpc.RpcError as error:
                code = error.code()
                if code == grpc.StatusCode.DEADLINE_EXCEEDED:
                    raise TimeoutError(f"{self} has not answered {name} within {timeout:g} s{last}") from None
                if code != grpc.StatusCode.UNAVAILABLE:
                    raise self.error(error, name) from None
                last = f": {error.details()}"
                if time.monotonic() + pause >= deadline:
                    raise ConnectionError(f"{self} could not be reached within {timeout:g} s{last}") from None
            time.sleep(pause * random.uniform(0.8, 1))
            pause = min(2 * pause, _LONGEST_PAUSE)

    def stream(self, method, requests):
        """A call of streams of bytes; `requests` is an iterator."""
        return self._channel.stream_stream(method)(requests, metadata=self.security.metadata)

    def unary_stream(self, method, request):
        return self._channel.unary_stream(method)(request, metadata=self.security.metadata)


class Patience:
    """Cancels a stream whose next message takes longer than the time-out.

    with patience.wait(): next(stream) ... One watching thread per object, which ends with close(). Not thread-safe.
    """

    def __init__(self, call):
        self.expired = False
        self._call, self._deadline, self._closed = call, None, False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._watch, name="recbots-patience", daemon=True)
        self._thread.start()

    def begin(self, timeout):
        # No lock and no waking: the thread looks often enough, and a float is written whole.
        self._deadline = time.monotonic() + timeout

    def end(self):
        self._deadline = None

    def close(self):
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _watch(self):
        with self._changed:
            while not self._closed:
                deadline = self._deadline
                if deadline is not None and time.monotonic() >= deadline:
                    self.expired = True
                    self._call.cancel()
                    return
                self._changed.wait(0.1)
