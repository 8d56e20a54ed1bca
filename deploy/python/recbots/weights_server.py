"""Weights for actors and evaluators, as a learner serves them: for training loops of one's own."""
import concurrent.futures
import random
import threading
import time

import grpc

from . import _weights
from ._connection import Security, check_address
from ._crc32c import crc32c
from ._messages import membership_pb2, weights_pb2

_PART_BYTES = 1 << 20
_REPORT_EVERY_SECONDS = 2.0
_SERVING = b"\x08\x01"  # grpc.health.v1.HealthCheckResponse{status: SERVING}
_MAX_STREAM = 1 << 31


class WeightsServer:
    """Serves what publish() was given to recbots-actor and recbots-evaluator, whose flag --learner is `address`.

    Every worker must have the configuration of the first one. Actors get random streams for their users, each once;
    `replay`, a recbots.Replay, remembers which, so that this holds for learners that come later, too. `evaluations` lists what evaluators have reported, messages Evaluation. Serves up to
    max_workers / 2 workers. Thread-safe. token_file and tls_* are what the roles' flags of these names are.
    """

    def __init__(self, address="127.0.0.1:0", *, replay=None, max_workers=64, token_file=None, tls_cert=None,
                 tls_key=None, tls_ca=None):
        self._security = Security(token_file, tls_cert, tls_key, tls_ca)
        check_address("weights server", address)
        self._changed = threading.Condition()
        self.evaluations = []
        self._incarnation, self._version, self._newest = random.getrandbits(64) | 1, 0, None
        self._configuration, self._replay = None, replay
        self._next_stream = 0 if replay is None else replay.streams_below
        self._indices, self._closing, self._began = {}, False, time.monotonic()
        self._server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers, "recbots-weights"),
                                   options=(("grpc.so_reuseport", 0),))
        self._server.add_generic_rpc_handlers((
            grpc.method_handlers_generic_handler("recbots.v1.WeightsService", {
                "Watch": grpc.unary_stream_rpc_method_handler(
                    self._watch, weights_pb2.WatchRequest.FromString, weights_pb2.WeightsChunk.SerializeToString),
                "ReportEvaluation": grpc.unary_unary_rpc_method_handler(
                    self._evaluation, weights_pb2.Evaluation.FromString,
                    weights_pb2.ReportEvaluationResponse.SerializeToString)}),
            grpc.method_handlers_generic_handler("recbots.v1.MembershipService", {
                "Hold": grpc.stream_stream_rpc_method_handler(
                    self._hold, membership_pb2.RoleReport.FromString, membership_pb2.LeaseTerms.SerializeToString)}),
            grpc.method_handlers_generic_handler("grpc.health.v1.Health", {
                "Check": grpc.unary_unary_rpc_method_handler(lambda request, context: _SERVING)})))
        self.address = self._listen(address)
        self._server.start()

    def _listen(self, address):
        credentials = self._security.server_credentials()
        try:
            port = (self._server.add_insecure_port(address) if credentials is None else
                    self._server.add_secure_port(address, credentials))
        except RuntimeError:
            port = 0
        if port == 0:
            raise OSError(f"weights server: cannot listen at {address}: it is taken, or not an address of this machine")
        return address if address.startswith("unix:") else f"{address.rpartition(':')[0]}:{port}"

    def publish(self, tensors, *, updates, env_steps=0):
        """Makes {name: array} the newest version, and returns its number. Names, order and shapes are those of the
        algorithm in the actors' configuration (common/algorithms/README.md); actors say what they miss."""
        payload = _weights.encode(tensors)
        header = weights_pb2.WeightsHeader(updates=updates, env_steps=env_steps, payload_bytes=len(payload),
                                           crc32c=crc32c(payload), incarnation=self._incarnation,
                                           wall_seconds=time.monotonic() - self._began)
        with self._changed:
            self._version += 1
            header.version = self._version
            self._newest = (header, payload)
            self._changed.notify_all()
            return self._version

    @property
    def workers(self):
        """How many actors and evaluators watch now: {"actor": n, "evaluator": n}."""
        with self._changed:
            return {name: len(self._indices.get(role, ())) for name, role in (("actor", 1), ("evaluator", 2))}

    def await_evaluation(self, number, timeout):
        """Waits until `number` evaluations have come; returns whether they have."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.evaluations) >= number, timeout)

    def _check(self, context):
        token = self._security.token
        if token is not None and ("authorization", "Bearer " + token) not in tuple(map(tuple, context.invocation_metadata())):
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "the call brings no token, or another than this server's")

    def _check_configuration(self, request, context):
        if self._configuration is None:
            self._configuration = request.configuration
            return
        mine = {field.path: field.value for field in self._configuration.fields}
        theirs = {field.path: field.value for field in request.configuration.fields}
        differ = [f"{path}: {theirs.get(path, 'nothing')} of {request.worker_name}, {mine.get(path, 'nothing')} of the first"
                  for path in sorted(mine.keys() | theirs.keys()) if mine.get(path) != theirs.get(path)]
        if differ:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION,
                          "the configuration is not that of the first worker: " + "; ".join(differ[:8]))

    def _watch(self, request, context):
        self._check(context)
        with self._changed:
            if request.role:
                self._check_configuration(request, context)
            taken = self._indices.setdefault(request.role, set())
            index = request.worker_index if request.HasField("worker_index") and request.worker_index not in taken else next(
                number for number in range(len(taken) + 1) if number not in taken)
            taken.add(index)
            first_stream = self._streams(request)
        context.add_callback(self._wake)
        try:
            # A version that was not published yet is another learner's, and counts as none.
            sent = request.have_version if request.have_version <= self._version else 0
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._closing or not context.is_active() or self._version != sent)
                    if self._closing:
                        context.abort(grpc.StatusCode.UNAVAILABLE, "the learner is draining")
                    if not context.is_active():
                        return
                    sent, (header, payload) = self._version, self._newest
                yield from self._chunks(header, payload, index, first_stream)
        finally:
            with self._changed:
                taken.discard(index)

    def _streams(self, request):
        self._next_stream = max(self._next_stream, request.streams_below)
        if request.num_streams == 0:
            return None
        first = -(-self._next_stream // request.num_streams) * request.num_streams
        self._next_stream = first + request.num_streams
        if self._next_stream > _MAX_STREAM:
            raise RuntimeError(f"random streams below {self._next_stream} are given away, want at most {_MAX_STREAM}")
        if self._replay is not None:
            self._replay.reserve_streams(self._next_stream)
        return first

    def _chunks(self, header, payload, index, first_stream):
        mine = weights_pb2.WeightsHeader()
        mine.CopyFrom(header)
        mine.worker_index = index
        if first_stream is not None:
            mine.first_stream = first_stream
        for begin in range(0, max(1, len(payload)), _PART_BYTES):
            chunk = weights_pb2.WeightsChunk(payload=payload[begin:begin + _PART_BYTES],
                                             last_part=begin + _PART_BYTES >= len(payload))
            if begin == 0:
                chunk.header.CopyFrom(mine)
            yield chunk

    def _wake(self):
        with self._changed:
            self._changed.notify_all()

    def _evaluation(self, evaluation, context):
        self._check(context)
        if evaluation.incarnation != self._incarnation:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "an evaluation of another learner's weights")
        with self._changed:
            if all(evaluation.weights_version != known.weights_version for known in self.evaluations):
                self.evaluations.append(evaluation)
                self._changed.notify_all()
        return weights_pb2.ReportEvaluationResponse()

    def _hold(self, reports, context):
        self._check(context)
        for number, _ in enumerate(reports):
            if number == 0:
                yield membership_pb2.LeaseTerms(report_every_seconds=_REPORT_EVERY_SECONDS)

    def close(self):
        """Ends all streams; workers keep on trying until their --peer_timeout."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._server.stop(1).wait(2)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
