#include "learner/service/weights_service.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/role/roles.h"
#include "common/rpc/grpc_status.h"
#include "common/wire/experiment_identity.h"

namespace recbots {
namespace {

constexpr size_t kMaxNameBytes = 256;
constexpr int64_t kMaxStreams = int64_t{1} << 20;  // Of one actor: max of actor.users.
constexpr size_t kEvaluationsRemembered = 1024;
constexpr int kMaxIndex = 1 << 20;
constexpr int kMaxReferences = 64;
constexpr size_t kMaxReferenceNameBytes = 64;

// A slice that refers to `bytes` without a copy; `owner` keeps the bytes alive.
grpc::Slice SharedSlice(const std::string& bytes, std::shared_ptr<const WeightsSnapshot> owner) {
  auto* keep = new std::shared_ptr<const WeightsSnapshot>(std::move(owner));
  return grpc::Slice(
      const_cast<char*>(bytes.data()), bytes.size(),
      [](void* kept) { delete static_cast<std::shared_ptr<const WeightsSnapshot>*>(kept); }, keep);
}

// Whether the receiver takes no part in the run.
bool LooksOn(v1::WorkerRole role) { return role == v1::WORKER_ROLE_UNSPECIFIED; }

std::string Hex(uint64_t fingerprint) { return absl::StrCat(absl::Hex(fingerprint, absl::kZeroPad16)); }

// Answers a call that is refused before it becomes a stream.
class Refusal : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  explicit Refusal(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

grpc::Status Invalid(const std::string& message) { return {grpc::StatusCode::INVALID_ARGUMENT, message}; }

// Names become labels of metrics, so they must be few and printable.
grpc::Status CheckReferences(const v1::Evaluation& evaluation) {
  if (evaluation.references_size() > kMaxReferences) {
    return Invalid(absl::StrCat(evaluation.references_size(), " references, want at most ", kMaxReferences));
  }
  for (const v1::ReferenceValue& reference : evaluation.references()) {
    const bool printable = std::all_of(reference.name().begin(), reference.name().end(),
                                       [](char c) { return absl::ascii_isprint(static_cast<unsigned char>(c)); });
    if (reference.name().empty() || reference.name().size() > kMaxReferenceNameBytes || !printable) {
      return Invalid(absl::StrCat("a reference's name \"", absl::CEscape(reference.name().substr(0, 64)),
                                  "\", want 1..", kMaxReferenceNameBytes, " printable characters"));
    }
    if (!std::isfinite(reference.value())) {
      return Invalid(
          absl::StrCat("reference ", reference.name(), ": value ", reference.value(), ", want a finite number"));
    }
    if (!std::isfinite(reference.value_ci95()) || reference.value_ci95() < 0) {
      return Invalid(absl::StrCat("reference ", reference.name(), ": value_ci95 ", reference.value_ci95(),
                                  ", want a finite number >= 0"));
    }
  }
  return grpc::Status::OK;
}

}  // namespace

// One Watch call. The service's lock guards all state; StartWrite and Finish may be called under the lock, because gRPC
// never runs a reaction inside them.
class WeightsService::Stream : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  Stream(WeightsService& service, WatcherInfo info, int64_t have_version)
      : service_(service), info_(std::move(info)), have_version_(have_version) {}

  // Sends the next part, or the first part of the newest version, or ends the stream if the service drains. Does
  // nothing while a write is under way, or if the newest version is sent.
  void Advance() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (busy_ || finished_) return;
    if (snapshot_ == nullptr) {
      if (service_.draining_) return End({grpc::StatusCode::UNAVAILABLE, "the learner is draining"});
      std::shared_ptr<const WeightsSnapshot> newest = service_.store_.newest();
      if (newest == nullptr || newest->header.version() == have_version_) return;
      if (info_.worker_index < 0 && !LooksOn(info_.role) && !Admit()) return;
      snapshot_ = std::move(newest);
      part_ = 0;
    }
    SendPart();
  }

  // Ends the stream. OnWriteDone first reports a write under way.
  void End(const grpc::Status& status) {
    if (finished_) return;
    finished_ = true;
    Finish(status);
  }

  const WatcherInfo& info() const { return info_; }

 private:
  // Gives a new actor its index and its streams; false: not yet.
  bool Admit() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    const std::optional<WorkerPlace> place =
        service_.places_.Admit(info_.role, info_.instance, info_.worker_name, info_.num_streams);
    if (!place.has_value()) return false;
    info_.worker_index = place->index;
    info_.first_stream = place->first_stream;
    return true;
  }

  void SendPart() {
    std::vector<grpc::Slice> slices;
    if (part_ == 0) {
      v1::WeightsChunk first;
      *first.mutable_header() = snapshot_->header;
      first.mutable_header()->set_worker_index(info_.worker_index);
      if (info_.first_stream.has_value()) first.mutable_header()->set_first_stream(*info_.first_stream);
      slices.emplace_back(first.SerializeAsString());
    }
    slices.push_back(SharedSlice(snapshot_->parts[part_], snapshot_));
    message_ = grpc::ByteBuffer(slices.data(), slices.size());
    busy_ = true;
    StartWrite(&message_);
  }

  void OnWriteDone(bool ok) override {
    MutexLock lock(&service_.mu_);
    busy_ = false;
    message_.Clear();
    if (!ok) return End(grpc::Status::CANCELLED);
    if (++part_ == snapshot_->parts.size()) {
      have_version_ = info_.sent_version = snapshot_->header.version();
      snapshot_ = nullptr;
    }
    Advance();
  }

  void OnCancel() override {
    MutexLock lock(&service_.mu_);
    if (!busy_) End(grpc::Status::CANCELLED);  // Otherwise OnWriteDone(false) follows and ends it.
  }

  void OnDone() override {
    {
      MutexLock lock(&service_.mu_);
      service_.streams_.erase(this);
      if (info_.worker_index >= 0) service_.places_.Release(info_.role, info_.instance, info_.worker_index);
      RECBOTS_LOG(INFO) << "worker left" << Field("role", v1::WorkerRole_Name(info_.role))
                        << Field("index", info_.worker_index) << Field("name", info_.worker_name)
                        << Field("peer", info_.peer);
    }
    delete this;
  }

  WeightsService& service_;
  WatcherInfo info_;
  int64_t have_version_;
  bool busy_ = false;                                // A write is under way.
  bool finished_ = false;                            // Finish was called.
  std::shared_ptr<const WeightsSnapshot> snapshot_;  // The version being sent, or null.
  size_t part_ = 0;                                  // Its next part.
  grpc::ByteBuffer message_;
};

WeightsService::WeightsService(WeightsServiceOptions options, WeightStore& store)
    : options_(std::move(options)),
      store_(store),
      own_ledger_(options_.streams == nullptr ? StreamLedger::Create({}).value() : nullptr),
      ledger_(own_ledger_ != nullptr ? *own_ledger_ : *options_.streams),
      places_(options_.places, ledger_) {
  if (own_ledger_ != nullptr) own_ledger_->Open(0);
  ledger_.SetOnOpen([this] { WakeAll(); });
  watcher_id_ = store_.AddWatcher([this] { WakeAll(); });
}

WeightsService::~WeightsService() {
  store_.RemoveWatcher(watcher_id_);
  ledger_.SetOnOpen(nullptr);
  MutexLock lock(&mu_);
  RECBOTS_CHECK(streams_.empty()) << "the service goes before its server was stopped";
}

grpc::Status WeightsService::CheckRequest(const v1::WatchRequest& request) const {
  if (!LooksOn(request.role()) && FindWorker(request.role()) == nullptr) {
    return Invalid(absl::StrCat("role ", static_cast<int>(request.role()),
                                ", want an actor, an evaluator, or none for a receiver that looks on"));
  }
  if (request.worker_name().size() > kMaxNameBytes) {
    return Invalid(
        absl::StrCat("worker_name of ", request.worker_name().size(), " bytes, want at most ", kMaxNameBytes));
  }
  if (request.have_version() < 0) {
    return Invalid(absl::StrCat("have_version ", request.have_version(), ", want at least 0"));
  }
  const int64_t max_streams = LooksOn(request.role()) ? 0 : kMaxStreams;
  if (request.num_streams() < 0 || request.num_streams() > max_streams) {
    return Invalid(absl::StrCat("num_streams ", request.num_streams(), ", want 0..", max_streams));
  }
  if (request.streams_below() < 0 || request.streams_below() > kNumActorStreams) {
    return Invalid(absl::StrCat("streams_below ", request.streams_below(), ", want 0..", kNumActorStreams));
  }
  if (request.worker_index() < 0 || request.worker_index() >= kMaxIndex) {
    return Invalid(absl::StrCat("worker_index ", request.worker_index(), ", want 0..", kMaxIndex - 1));
  }
  if (request.streams_held() < 0 || request.streams_held() > request.streams_below()) {
    return Invalid(absl::StrCat("streams_held ", request.streams_held(), ", want 0..", request.streams_below()));
  }
  return CheckConfiguration(request);
}

grpc::Status WeightsService::CheckConfiguration(const v1::WatchRequest& request) const {
  if (!Says(request.configuration()) && LooksOn(request.role())) return grpc::Status::OK;
  if (!Says(request.configuration()) && Says(options_.configuration)) {
    return {grpc::StatusCode::FAILED_PRECONDITION,
            absl::StrCat(request.worker_name(), " does not say its configuration: is it of another version?")};
  }
  if (const absl::Status status = CheckIdentity(request.configuration()); !status.ok()) {
    return Invalid(std::string(status.message()));
  }
  const std::string difference = IdentityDifference(request.configuration(), absl::StrCat("of ", request.worker_name()),
                                                    options_.configuration, "of the learner");
  if (difference.empty()) return grpc::Status::OK;
  return {grpc::StatusCode::FAILED_PRECONDITION,
          absl::StrCat("the configuration of ", request.worker_name(), " is not that of the learner: ", difference)};
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* WeightsService::Watch(grpc::CallbackServerContext* context,
                                                                  const grpc::ByteBuffer* request) {
  if (const absl::Status status = Security::Check(options_.security.get(), *context); !status.ok()) {
    return new Refusal(ToGrpcStatus(status));
  }
  v1::WatchRequest watch;
  grpc::ByteBuffer bytes = *request;  // Shares the slices; the parser needs a buffer that it may change.
  if (!grpc::SerializationTraits<v1::WatchRequest>::Deserialize(&bytes, &watch).ok()) {
    return new Refusal(Invalid("not a WatchRequest"));
  }
  if (const grpc::Status status = CheckRequest(watch); !status.ok()) return new Refusal(status);

  MutexLock lock(&mu_);
  if (draining_) return new Refusal({grpc::StatusCode::UNAVAILABLE, "the learner is draining"});
  if (const absl::Status status = places_.CheckStreams(watch); !status.ok()) return new Refusal(ToGrpcStatus(status));
  ledger_.Raise(watch.streams_below());
  WatcherInfo info{.role = watch.role(),
                   .worker_index = -1,
                   .instance = watch.instance(),
                   .num_streams = watch.num_streams(),
                   .first_stream = std::nullopt,
                   .worker_name = watch.worker_name(),
                   .peer = context->peer()};
  if (info.num_streams == 0 && !LooksOn(info.role)) {
    std::optional<int> had;
    if (watch.has_worker_index()) had = watch.worker_index();
    info.worker_index = places_.Take(info.role, info.instance, had);
  }
  RECBOTS_LOG(INFO) << "worker joined" << Field("role", v1::WorkerRole_Name(info.role))
                    << Field("index", info.worker_index < 0 ? "new" : absl::StrCat(info.worker_index))
                    << Field("name", info.worker_name) << Field("peer", info.peer);
  // A version that was not published yet comes from an earlier learner, and counts as none.
  const int64_t have = watch.have_version() > store_.version() ? 0 : watch.have_version();
  auto* stream = new Stream(*this, std::move(info), have);
  streams_.insert(stream);
  stream->StartSendInitialMetadata();
  stream->Advance();
  return stream;
}

void WeightsService::WakeAll() {
  MutexLock lock(&mu_);
  for (Stream* stream : streams_) stream->Advance();
}

void WeightsService::Drain() {
  {
    MutexLock lock(&mu_);
    draining_ = true;
  }
  WakeAll();
}

int WeightsService::num_watchers(v1::WorkerRole role) const {
  MutexLock lock(&mu_);
  return static_cast<int>(std::count_if(streams_.begin(), streams_.end(),
                                        [role](const Stream* stream) { return stream->info().role == role; }));
}

std::vector<WatcherInfo> WeightsService::watchers() const {
  std::vector<WatcherInfo> infos;
  {
    MutexLock lock(&mu_);
    for (const Stream* stream : streams_) {
      if (!LooksOn(stream->info().role)) infos.push_back(stream->info());
    }
  }
  std::sort(infos.begin(), infos.end(), [](const WatcherInfo& a, const WatcherInfo& b) {
    return std::tie(a.role, a.worker_index) < std::tie(b.role, b.worker_index);
  });
  return infos;
}

grpc::Status WeightsService::CheckEvaluation(const v1::Evaluation& evaluation) const {
  if (evaluation.incarnation() != store_.incarnation()) {
    return {grpc::StatusCode::FAILED_PRECONDITION,
            absl::StrCat("evaluation of learner ", Hex(evaluation.incarnation()), ", this is ",
                         Hex(store_.incarnation()), ": fetch its weights first")};
  }
  const int64_t newest = store_.version();
  if (evaluation.weights_version() < 1 || evaluation.weights_version() > newest) {
    return Invalid(absl::StrCat("weights_version ", evaluation.weights_version(), ", want 1..", newest));
  }
  const std::pair<const char*, double> numbers[] = {{"value", evaluation.value()},
                                                    {"value_ci95", evaluation.value_ci95()},
                                                    {"random_value", evaluation.random_value()},
                                                    {"random_value_ci95", evaluation.random_value_ci95()},
                                                    {"optimum", evaluation.optimum()},
                                                    {"optimum_ci95", evaluation.optimum_ci95()}};
  for (const auto& [name, number] : numbers) {
    if (!std::isfinite(number)) return Invalid(absl::StrCat(name, " ", number, ", want a finite number"));
  }
  if (evaluation.value_ci95() < 0) return Invalid(absl::StrCat("value_ci95 ", evaluation.value_ci95(), ", want >= 0"));
  if (evaluation.episodes() < 0) return Invalid(absl::StrCat("episodes ", evaluation.episodes(), ", want >= 0"));
  return CheckReferences(evaluation);
}

grpc::ServerUnaryReactor* WeightsService::ReportEvaluation(grpc::CallbackServerContext* context,
                                                           const v1::Evaluation* request,
                                                           v1::ReportEvaluationResponse* /*response*/) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  grpc::Status status = ToGrpcStatus(Security::Check(options_.security.get(), *context));
  if (status.ok()) status = CheckEvaluation(*request);
  if (status.ok()) {
    MutexLock lock(&evaluations_mu_);
    const bool full = evaluated_versions_.size() >= kEvaluationsRemembered;
    const bool too_old = full && request->weights_version() < *evaluated_versions_.begin();
    if (!too_old && evaluated_versions_.insert(request->weights_version()).second) {
      if (full) evaluated_versions_.erase(evaluated_versions_.begin());
      if (options_.on_evaluation) options_.on_evaluation(*request);
    }
  }
  reactor->Finish(status);
  return reactor;
}

}  // namespace recbots
