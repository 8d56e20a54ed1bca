#include "learner/client/weights_watcher.h"

#include <grpcpp/grpcpp.h>

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/base/wait_board.h"
#include "common/rpc/channel.h"
#include "common/rpc/deadline.h"
#include "common/rpc/grpc_status.h"
#include "learner/client/weights_assembler.h"
#include "recbots/v1/weights.grpc.pb.h"

namespace recbots {
namespace {

// The longest wait for the connection; Stop may take this long.
constexpr absl::Duration kConnectTime = absl::Milliseconds(300);

}  // namespace

WeightsWatcher::WeightsWatcher(WeightsWatcherOptions options) : options_(std::move(options)) {}

std::unique_ptr<WeightsWatcher> WeightsWatcher::Start(WeightsWatcherOptions options) {
  std::unique_ptr<WeightsWatcher> watcher(new WeightsWatcher(std::move(options)));
  MutexLock lock(&watcher->stop_mu_);
  watcher->thread_ = std::make_unique<Thread>("weights-watch", [self = watcher.get()] { self->Run(); });
  return watcher;
}

WeightsWatcher::~WeightsWatcher() { Stop(); }

void WeightsWatcher::Run() {
  const std::shared_ptr<grpc::Channel> channel =
      MakeChannel(options_.address, {.bulk = true, .security = options_.security});
  const auto stub = v1::WeightsService::NewStub(channel);
  PeerRetry retry("learner", options_.address, options_.retry);
  while (true) {
    // A channel makes progress only while a thread waits on it. A call on a channel that is not connected fails without
    // waiting, and would not notice for seconds that the learner is back.
    channel->WaitForConnected(ToGrpcDeadline(Instant::Now() + kConnectTime));
    const absl::Status status = WatchOnce(*stub, retry);
    const absl::StatusOr<absl::Duration> delay = retry.Failed(status);
    if (!delay.ok()) return EndForGood(delay.status());
    MutexLock lock(&mu_);
    const auto stopping = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopping_; };
    if (mu_.AwaitFor(stopping, *delay)) return;
  }
}

v1::WatchRequest WeightsWatcher::RequestNow(const grpc::ClientContext* context) {
  MutexLock lock(&mu_);
  v1::WatchRequest request;
  request.set_role(options_.role);
  request.set_worker_name(options_.worker_name);
  *request.mutable_configuration() = options_.configuration;
  request.set_instance(options_.instance);
  if (const int index = worker_index_; index >= 0) request.set_worker_index(index);
  // After a reconnection, users keep the streams that they have.
  if (const std::optional<int64_t> first = first_stream_; first.has_value()) {
    request.set_streams_below(*first + options_.num_streams);
    request.set_streams_held(options_.num_streams);
  } else {
    request.set_num_streams(options_.num_streams);
    streams_of_ = context;  // Streams that come are new only on a connection that asked for them.
  }
  // have_version stays 0: the present version may come from another learner, and the header of the current version
  // tells incarnation and worker_index at once.
  return request;
}

absl::Status WeightsWatcher::WatchOnce(v1::WeightsService::StubInterface& stub, PeerRetry& retry) {
  grpc::ClientContext context;
  Security::Prepare(options_.security.get(), context);
  {
    MutexLock lock(&mu_);
    if (stopping_) return absl::CancelledError("stopped");
    context_ = &context;
  }
  const v1::WatchRequest request = RequestNow(&context);
  const auto reader = stub.Watch(&context, request);
  const absl::Status received = Receive(*reader, retry);
  if (!received.ok()) context.TryCancel();
  const grpc::Status finished = reader->Finish();
  {
    MutexLock lock(&mu_);
    context_ = nullptr;
    streams_of_ = nullptr;
    connected_ = false;
    if (std::exchange(asking_, false)) return absl::UnavailableError("other streams are asked for");
  }
  if (!received.ok()) return received;
  // Our service never ends a stream without an error; the learner may come back.
  return finished.ok() ? absl::UnavailableError("the stream ended") : FromGrpcStatus(finished);
}

absl::Status WeightsWatcher::Receive(grpc::ClientReaderInterface<v1::WeightsChunk>& reader, PeerRetry& retry) {
  WeightsAssembler assembler(kMaxPayloadBytes);
  v1::WeightsChunk chunk;  // Reused for every part, because it keeps its memory.
  while (reader.Read(&chunk)) {
    {
      MutexLock lock(&mu_);
      connected_ = true;
    }
    RECBOTS_ASSIGN_OR_RETURN(std::optional<WeightsAssembler::Complete> complete, assembler.Add(chunk));
    if (!complete.has_value()) continue;
    retry.Succeeded();
    Keep(std::move(complete->header), std::move(complete->payload));
  }
  return absl::OkStatus();
}

void WeightsWatcher::Keep(v1::WeightsHeader header, std::string payload) {
  const auto weights = std::make_shared<const Weights>(Weights{std::move(header), std::move(payload), Instant::Now()});
  MutexLock lock(&mu_);
  worker_index_ = weights->header.worker_index();
  const bool asked_for = context_ != nullptr && streams_of_ == context_;
  if (weights->header.has_first_stream() && asked_for && !first_stream_.has_value()) {
    first_stream_ = weights->header.first_stream();
  }
  const bool same_learner = newest_ != nullptr && newest_->header.incarnation() == weights->header.incarnation();
  if (same_learner && weights->header.version() <= newest_->header.version()) return;
  if (newest_ != nullptr && !same_learner) {
    RECBOTS_LOG(INFO) << "the learner was restarted" << Field("address", options_.address)
                      << Field("version", weights->header.version());
  }
  newest_ = weights;
}

void WeightsWatcher::EndForGood(const absl::Status& status) {
  MutexLock lock(&mu_);
  if (stopping_) return;  // Stop has said why.
  status_ = status;
  RECBOTS_LOG(ERROR) << "no more weights" << Field("learner", options_.address) << Field("error", status.ToString());
}

std::shared_ptr<const Weights> WeightsWatcher::newest() const {
  MutexLock lock(&mu_);
  return newest_;
}

absl::StatusOr<std::shared_ptr<const Weights>> WeightsWatcher::AwaitNewer(const std::shared_ptr<const Weights>& have,
                                                                          Instant deadline) const {
  // The caller shows it: its own wait may be longer than this one.
  const ScopedWait wait(nullptr, {.thing = "newer weights from the learner", .peer = options_.address});
  MutexLock lock(&mu_);
  const auto decided = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return newest_ != have || !status_.ok(); };
  if (!mu_.AwaitUntil(decided, deadline)) {
    return absl::DeadlineExceededError(
        absl::StrCat(wait.TimedOut().message(), ", which is ", connected_ ? "connected" : "away"));
  }
  if (!status_.ok()) return status_;
  return newest_;
}

bool WeightsWatcher::connected() const {
  MutexLock lock(&mu_);
  return connected_;
}

absl::Duration WeightsWatcher::age() const {
  MutexLock lock(&mu_);
  return newest_ == nullptr ? absl::InfiniteDuration() : Instant::Now() - newest_->received;
}

int WeightsWatcher::worker_index() const {
  MutexLock lock(&mu_);
  return worker_index_;
}

std::optional<int64_t> WeightsWatcher::first_stream() const {
  MutexLock lock(&mu_);
  return first_stream_;
}

void WeightsWatcher::AskForStreams() {
  MutexLock lock(&mu_);
  first_stream_.reset();
  // The next request asks for streams. Weights that this connection still brings must not bring back the old ones.
  streams_of_ = nullptr;
  if (context_ == nullptr) return;
  asking_ = true;
  context_->TryCancel();
}

absl::Status WeightsWatcher::status() const {
  MutexLock lock(&mu_);
  return status_;
}

void AddWeights(const WeightsWatcher& watcher, v1::RoleReport& report) {
  const std::shared_ptr<const Weights> newest = watcher.newest();
  if (newest == nullptr) return;
  report.set_weights_version(newest->header.version());
  report.set_weights_updates(newest->header.updates());
  report.set_weights_incarnation(newest->header.incarnation());
  report.set_worker_index(watcher.worker_index());
}

void WeightsWatcher::Stop() {
  MutexLock stopping(&stop_mu_);
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    if (status_.ok()) status_ = absl::CancelledError("the watch was stopped");
    if (context_ != nullptr) context_->TryCancel();
  }
  thread_.reset();
}

}  // namespace recbots
