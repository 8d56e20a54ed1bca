// The newest published weights, encoded once for however many watch them. Bytes only: no LibTorch, no gRPC.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "recbots/v1/weights.pb.h"

namespace recbots {

// Where the run stood when a version was published.
struct WeightsProgress {
  int64_t updates = 0;
  int64_t env_steps = 0;
  double wall_seconds = 0;
};

// One published version. Immutable.
struct WeightsSnapshot {
  // All but worker_index, which belongs to a stream.
  v1::WeightsHeader header;
  // The payload as serialised v1.WeightsChunk messages without header, at least one. A serialised chunk that holds
  // nothing but a header, followed by parts[0], is the first message of a stream (protobuf merges what is
  // concatenated).
  std::vector<std::string> parts;
};

// Thread-safe. Readers share snapshots and never wait for Publish to encode.
class WeightStore {
 public:
  static constexpr size_t kPartBytes = size_t{1} << 20;

  // Draws the incarnation from the machine's entropy: never 0, another one for every store.
  WeightStore();

  // Makes `payload` the newest version, numbered from 1, then calls the watchers. One caller at a time. Costs two
  // copies and a checksum of the payload (about 2 ms for 4 MB).
  std::shared_ptr<const WeightsSnapshot> Publish(absl::string_view payload, const WeightsProgress& progress)
      ABSL_LOCKS_EXCLUDED(mu_, watchers_mu_);

  // Null before the first Publish.
  std::shared_ptr<const WeightsSnapshot> newest() const ABSL_LOCKS_EXCLUDED(mu_);
  // 0 before the first Publish.
  int64_t version() const ABSL_LOCKS_EXCLUDED(mu_);
  uint64_t incarnation() const { return incarnation_; }

  // `wake` is called after every Publish, from its thread; it must be quick and must not call AddWatcher or
  // RemoveWatcher. No call is under way any more when RemoveWatcher returns.
  int AddWatcher(std::function<void()> wake) ABSL_LOCKS_EXCLUDED(watchers_mu_);
  void RemoveWatcher(int watcher_id) ABSL_LOCKS_EXCLUDED(watchers_mu_);

 private:
  const uint64_t incarnation_;

  mutable Mutex mu_;
  std::shared_ptr<const WeightsSnapshot> newest_ ABSL_GUARDED_BY(mu_);

  Mutex watchers_mu_;
  int next_watcher_id_ ABSL_GUARDED_BY(watchers_mu_) = 0;
  std::map<int, std::function<void()>> watchers_ ABSL_GUARDED_BY(watchers_mu_);
};

}  // namespace recbots
