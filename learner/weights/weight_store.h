// The newest published weights, encoded once for any number of watchers. The store handles bytes only: no LibTorch, no
// gRPC.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "recbots/v1/weights.pb.h"

namespace recbots {

// The counters of the run when a version was published.
struct RunProgress {
  int64_t updates = 0;
  int64_t env_steps = 0;
  double wall_seconds = 0;
  int64_t evaluations_asked = 0;  // WeightsHeader.evaluations_asked
};

// One published version. Immutable.
struct WeightsSnapshot {
  // Complete except for worker_index, which differs per stream.
  v1::WeightsHeader header;
  // The payload as serialised v1.WeightsChunk messages without header, at least one. The first message of a stream is a
  // serialised chunk with only a header, followed by parts[0] (protobuf merges concatenated messages).
  std::vector<std::string> parts;
};

// Thread-safe. Readers share snapshots and never wait for Publish to encode.
class WeightStore {
 public:
  static constexpr size_t kPartBytes = size_t{1} << 20;

  // Draws the incarnation from the machine's entropy; it is never 0 and differs for every store.
  WeightStore();

  // Goes on behind `version`, which an earlier process of the run published: the next version has the number above.
  // With an `incarnation`, that of the earlier process, versions are taken for those of the same process; only for a
  // run whose weights stay in its process. Call it before the first Publish.
  void Resume(int64_t version, std::optional<uint64_t> incarnation = std::nullopt) ABSL_LOCKS_EXCLUDED(mu_);

  // Makes `payload` the newest version (the first has number 1), then calls the watchers. Only one thread at a time may
  // call it. Costs two copies and a checksum of the payload (about 2 ms for 4 MB).
  std::shared_ptr<const WeightsSnapshot> Publish(absl::string_view payload, const RunProgress& progress)
      ABSL_LOCKS_EXCLUDED(mu_, watchers_mu_);

  // The newest snapshot; null before the first Publish.
  std::shared_ptr<const WeightsSnapshot> newest() const ABSL_LOCKS_EXCLUDED(mu_);
  // The newest version, also of an earlier process; 0 before the first Publish.
  int64_t version() const ABSL_LOCKS_EXCLUDED(mu_);
  uint64_t incarnation() const ABSL_LOCKS_EXCLUDED(mu_);

  // Publish calls `wake` in its own thread after each new version. `wake` must be quick and must not call AddWatcher or
  // RemoveWatcher. When RemoveWatcher returns, no call of `wake` is under way.
  int AddWatcher(std::function<void()> wake) ABSL_LOCKS_EXCLUDED(watchers_mu_);
  void RemoveWatcher(int watcher_id) ABSL_LOCKS_EXCLUDED(watchers_mu_);

 private:
  mutable Mutex mu_;
  uint64_t incarnation_ ABSL_GUARDED_BY(mu_);
  int64_t version_ ABSL_GUARDED_BY(mu_) = 0;
  std::shared_ptr<const WeightsSnapshot> newest_ ABSL_GUARDED_BY(mu_);

  Mutex watchers_mu_;
  int next_watcher_id_ ABSL_GUARDED_BY(watchers_mu_) = 0;
  std::map<int, std::function<void()>> watchers_ ABSL_GUARDED_BY(watchers_mu_);
};

}  // namespace recbots
