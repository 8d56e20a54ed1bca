"""The learner's weights, and what it says of the run."""
import json
import os
import random
import socket
import ssl
import time
import urllib.error
import urllib.request

import grpc

from . import _weights
from ._connection import Connection, Patience, Security
from ._crc32c import crc32c
from ._messages import weights_pb2
from .replay import identity_of

_WATCH = "/recbots.v1.WeightsService/Watch"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5


class Weights:
    """One version. `tensors`: {name: float32 array}; `payload`: their encoding; `version`, `updates`, `env_steps`,
    `wall_seconds`: the clocks of the run when it was published; `incarnation`: versions count within one."""

    def __init__(self, header, payload):
        self.version, self.updates, self.env_steps = header.version, header.updates, header.env_steps
        self.wall_seconds, self.incarnation, self.payload = header.wall_seconds, header.incarnation, payload

    @property
    def tensors(self):
        return _weights.decode(self.payload, f"weights version {self.version}")

    def __repr__(self):
        return f"recbots weights version {self.version} of {self.updates} updates"


class Learner:
    """Looks at a learner, without taking part in its run. `pages`, "http://HOST:PORT", is where it serves them
    (its flag --http); beside a socket in a run directory they are found. `experiment`, a shared configuration, is
    compared with the learner's. Not thread-safe. token_file and tls_* are what the roles' flags of these names are."""

    def __init__(self, address, *, pages=None, timeout=10.0, experiment=None, token_file=None, tls_cert=None,
                 tls_key=None, tls_ca=None):
        self._security = Security(token_file, tls_cert, tls_key, tls_ca)
        self._tls_ca, self._pages = (tls_ca, tls_cert, tls_key), pages
        self._connection = Connection("learner", address, timeout, self._security)
        self._identity = identity_of(experiment)

    def weights(self):
        """The newest Weights. TimeoutError: none were published within the time-out."""
        watch = self.watch()
        try:
            return next(watch)
        finally:
            watch.close()

    def watch(self, have_version=0, timeout=None):
        """An endless iterator of Weights newer than have_version, the newest at once; versions that were overtaken are
        left out. Goes on with a learner that was restarted, whose versions may begin with 1 again. TimeoutError: nothing
        newer came within `timeout` seconds (that of the object)."""
        timeout = self._connection.timeout if timeout is None else timeout
        deadline, pause, seen = time.monotonic() + timeout, _FIRST_PAUSE, (None, have_version)
        while True:
            request = weights_pb2.WatchRequest(worker_name=f"{socket.gethostname()}/{os.getpid()}"[:256],
                                               have_version=seen[1])
            if self._identity is not None:
                request.configuration.CopyFrom(self._identity)
            call = self._connection.unary_stream(_WATCH, request.SerializeToString())
            patience = Patience(call)
            try:
                while True:
                    patience.begin(max(0.001, deadline - time.monotonic()))
                    weights = self._receive(call)
                    patience.end()
                    if (weights.incarnation, weights.version) != seen:
                        seen, pause = (weights.incarnation, weights.version), _FIRST_PAUSE
                        yield weights
                    deadline = time.monotonic() + timeout
            except (grpc.RpcError, StopIteration) as error:
                self._may_try_again(error, patience, deadline, timeout, seen[1])
            finally:
                patience.close()
                call.cancel()
            time.sleep(pause * random.uniform(0.8, 1))
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _may_try_again(self, error, patience, deadline, timeout, version):
        what = f"weights newer than version {version}" if version else "weights"
        if patience.expired:
            raise TimeoutError(f"{self._connection} has published no {what} within {timeout:g} s") from None
        if isinstance(error, grpc.RpcError) and error.code() != grpc.StatusCode.UNAVAILABLE:
            raise self._connection.error(error, what) from None
        if time.monotonic() + _LONGEST_PAUSE > deadline:
            details = error.details() if isinstance(error, grpc.RpcError) else "the stream ended"
            raise ConnectionError(f"{self._connection} could not be reached within {timeout:g} s: {details}") from None

    def _receive(self, call):
        header, parts = None, []
        while True:
            chunk = weights_pb2.WeightsChunk.FromString(next(call))
            if chunk.HasField("header"):
                header, parts = chunk.header, []
            if header is None:
                raise RuntimeError(f"{self._connection}: weights without a header")
            parts.append(chunk.payload)
            if chunk.last_part:
                break
        payload = b"".join(parts)
        if len(payload) != header.payload_bytes or crc32c(payload) != header.crc32c:
            raise RuntimeError(f"{self._connection}: weights version {header.version} of {len(payload)} bytes with checksum "
                               f"{crc32c(payload):08x}, want {header.payload_bytes} and {header.crc32c:08x}")
        return Weights(header, payload)

    def status(self):
        """What the learner's dashboard shows: the object /api/v1/status (docs/formats.md)."""
        return self._page("/api/v1/status")

    def roles(self):
        """The processes of the run: the list of /api/roles."""
        return self._page("/api/roles")["roles"]

    def _page(self, path):
        pages = self._pages or self._pages_beside_socket()
        pages = pages if "://" in pages else f"http{'s' if self._security.has_tls else ''}://{pages}"
        request = urllib.request.Request(pages + path)
        if self._security.token is not None:
            request.add_header("Authorization", "Bearer " + self._security.token)
        context = None
        if pages.startswith("https"):
            context = ssl.create_default_context(cafile=self._tls_ca[0])
            if self._tls_ca[1] is not None:
                context.load_cert_chain(self._tls_ca[1], self._tls_ca[2])
        try:
            with urllib.request.urlopen(request, timeout=self._connection.timeout, context=context) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            kind = PermissionError if error.code in (401, 403) else RuntimeError
            raise kind(f"learner's pages at {pages}: {path}: HTTP {error.code} {error.reason}") from None
        except urllib.error.URLError as error:
            if isinstance(error.reason, TimeoutError):
                raise TimeoutError(f"learner's pages at {pages} have not answered within "
                                   f"{self._connection.timeout:g} s") from None
            raise ConnectionError(f"learner's pages at {pages}: {error.reason}") from None
        except TimeoutError:
            raise TimeoutError(f"learner's pages at {pages} have not answered within "
                               f"{self._connection.timeout:g} s") from None

    def _pages_beside_socket(self):
        address = self._connection.address
        if address.startswith("unix:"):
            try:
                from .run import Run
                return Run(os.path.dirname(address[len("unix:"):])).address("learner", "http")
            except (OSError, LookupError):
                pass
        raise ValueError(f"{self._connection}: where its pages are is not known, want pages=\"http://HOST:PORT\", which it "
                         "logs and writes to learner.addresses in its run directory")

    def close(self):
        self._connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
