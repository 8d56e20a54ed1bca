// Keeps the newest weights of a learner for a worker.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/instant.h"
#include "common/base/mutex.h"
#include "common/base/thread.h"
#include "common/rpc/retry.h"
#include "common/rpc/security.h"
#include "recbots/v1/membership.pb.h"
#include "recbots/v1/weights.grpc.pb.h"

namespace recbots {

// One version, complete and with a correct checksum. Immutable.
struct Weights {
  v1::WeightsHeader header;
  std::string payload;  // common/inference/weights.h reads it.
  Instant received;
};

struct WeightsWatcherOptions {
  std::string address;  // The learner's: host:port or unix:/path.
  v1::WorkerRole role = v1::WORKER_ROLE_ACTOR;
  std::string worker_name = "worker";         // For logs; at most 256 bytes.
  v1::ExperimentIdentity configuration = {};  // SharedConfigurationOf.
  uint64_t instance = 0;                      // Of this process (Role::instance); 0: its index is not kept for it.
  int64_t num_streams = 0;                    // Random streams to ask for, one per user; 0: none.
  RetryOptions retry = {};
  std::shared_ptr<const Security> security = {};  // nullptr: none.
};

// Watches in a separate thread and reconnects automatically, also to a learner that was restarted: a version of another
// incarnation replaces the present one, whatever its number. A payload that does not fit its header (bytes, checksum)
// is refused and fetched again. Thread-safe.
class WeightsWatcher {
 public:
  static constexpr int64_t kMaxPayloadBytes = int64_t{1} << 30;

  // Begins to watch. It never fails; status() shows errors.
  static std::unique_ptr<WeightsWatcher> Start(WeightsWatcherOptions options);
  ~WeightsWatcher();

  // The newest weights; null before the first version has come.
  std::shared_ptr<const Weights> newest() const ABSL_LOCKS_EXCLUDED(mu_);

  // Waits for weights other than `have`. Pass the result of newest() or of the last call (null: none yet).
  //   DEADLINE_EXCEEDED  none came until `deadline`; the message says whether the learner is connected
  //   CANCELLED          Stop() was called
  //   any other          the watch has ended for good; this is status()
  absl::StatusOr<std::shared_ptr<const Weights>> AwaitNewer(const std::shared_ptr<const Weights>& have,
                                                            Instant deadline) const ABSL_LOCKS_EXCLUDED(mu_);

  // True from the first part of a stream that was received until the stream ends.
  bool connected() const ABSL_LOCKS_EXCLUDED(mu_);
  // The time since the newest weights came; infinite before the first.
  absl::Duration age() const ABSL_LOCKS_EXCLUDED(mu_);
  // This worker's index among the workers of its role, from the newest header; -1 before the first header. May change
  // with a new connection.
  int worker_index() const ABSL_LOCKS_EXCLUDED(mu_);

  // The first of this worker's num_streams random streams. They come with the first weights and never change, whatever
  // happens to the learner, except by AskForStreams. nullopt before the first weights, if no streams were asked for, or
  // if none came.
  std::optional<int64_t> first_stream() const ABSL_LOCKS_EXCLUDED(mu_);

  // Asks the learner for num_streams other random streams, with a new connection: for users who are lost in the middle
  // of their episodes. first_stream() is nullopt until they have come.
  void AskForStreams() ABSL_LOCKS_EXCLUDED(mu_);

  // OK while watching, otherwise the reason why the watch has ended for good:
  //   FAILED_PRECONDITION  the learner runs another configuration (the message names the fields that differ)
  //   INVALID_ARGUMENT     the learner refused the request
  //   UNAUTHENTICATED      the learner wants another token
  //   DEADLINE_EXCEEDED    the learner was away for retry.give_up_after
  //   CANCELLED            Stop() was called
  absl::Status status() const ABSL_LOCKS_EXCLUDED(mu_);

  // Ends the watch and its thread. Idempotent.
  void Stop() ABSL_LOCKS_EXCLUDED(mu_, stop_mu_);

 private:
  explicit WeightsWatcher(WeightsWatcherOptions options);

  void Run();
  // Reads one stream from its beginning to its end; returns why it ended.
  absl::Status WatchOnce(v1::WeightsService::StubInterface& stub, PeerRetry& retry) ABSL_LOCKS_EXCLUDED(mu_);
  // What to ask for on a new connection.
  v1::WatchRequest RequestNow(const grpc::ClientContext* context) ABSL_LOCKS_EXCLUDED(mu_);
  // Reads until the stream ends (OK) or sends something invalid.
  absl::Status Receive(grpc::ClientReaderInterface<v1::WeightsChunk>& reader, PeerRetry& retry)
      ABSL_LOCKS_EXCLUDED(mu_);
  void Keep(v1::WeightsHeader header, std::string payload) ABSL_LOCKS_EXCLUDED(mu_);
  void EndForGood(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);

  const WeightsWatcherOptions options_;

  mutable Mutex mu_;
  std::shared_ptr<const Weights> newest_ ABSL_GUARDED_BY(mu_);
  absl::Status status_ ABSL_GUARDED_BY(mu_);
  int worker_index_ ABSL_GUARDED_BY(mu_) = -1;
  std::optional<int64_t> first_stream_ ABSL_GUARDED_BY(mu_);
  bool connected_ ABSL_GUARDED_BY(mu_) = false;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  grpc::ClientContext* context_ ABSL_GUARDED_BY(mu_) = nullptr;  // Of the open stream; Stop cancels it.
  bool asking_ ABSL_GUARDED_BY(mu_) = false;                     // The open stream was cancelled by AskForStreams.
  const grpc::ClientContext* streams_of_ ABSL_GUARDED_BY(mu_) =
      nullptr;  // The open stream, if it was asked for streams.

  Mutex stop_mu_;  // One Stop at a time; taken before mu_.
  std::unique_ptr<Thread> thread_ ABSL_GUARDED_BY(stop_mu_);
};

// What a worker's report says of its weights: the newest ones of the watcher, and the index that came with them.
void AddWeights(const WeightsWatcher& watcher, v1::RoleReport& report);

}  // namespace recbots
