#include "learner/weights/weight_store.h"

#include <algorithm>
#include <random>
#include <utility>

#include "common/base/crc32c.h"

namespace recbots {
namespace {

uint64_t DrawIncarnation() {
  std::random_device entropy;
  uint64_t drawn = 0;
  while (drawn == 0) drawn = (uint64_t{entropy()} << 32) | entropy();
  return drawn;
}

std::vector<std::string> Encode(absl::string_view payload) {
  std::vector<std::string> parts;
  size_t begin = 0;
  do {
    const size_t bytes = std::min(WeightStore::kPartBytes, payload.size() - begin);
    v1::WeightsChunk chunk;
    chunk.mutable_payload()->assign(payload.data() + begin, bytes);
    begin += bytes;
    chunk.set_last_part(begin == payload.size());
    parts.push_back(chunk.SerializeAsString());
  } while (begin < payload.size());
  return parts;
}

}  // namespace

WeightStore::WeightStore() : incarnation_(DrawIncarnation()) {}

std::shared_ptr<const WeightsSnapshot> WeightStore::Publish(absl::string_view payload, const RunProgress& progress) {
  auto snapshot = std::make_shared<WeightsSnapshot>();
  v1::WeightsHeader& header = snapshot->header;
  header.set_version(version() + 1);
  header.set_updates(progress.updates);
  header.set_env_steps(progress.env_steps);
  header.set_wall_seconds(progress.wall_seconds);
  header.set_evaluations_asked(progress.evaluations_asked);
  header.set_payload_bytes(static_cast<int64_t>(payload.size()));
  header.set_crc32c(Crc32c(payload));
  header.set_incarnation(incarnation());
  snapshot->parts = Encode(payload);
  {
    MutexLock lock(&mu_);
    version_ = header.version();
    newest_ = snapshot;
  }
  MutexLock lock(&watchers_mu_);
  for (const auto& [id, wake] : watchers_) wake();
  return snapshot;
}

std::shared_ptr<const WeightsSnapshot> WeightStore::newest() const {
  MutexLock lock(&mu_);
  return newest_;
}

int64_t WeightStore::version() const {
  MutexLock lock(&mu_);
  return version_;
}

uint64_t WeightStore::incarnation() const {
  MutexLock lock(&mu_);
  return incarnation_;
}

void WeightStore::Resume(int64_t version, std::optional<uint64_t> incarnation) {
  MutexLock lock(&mu_);
  version_ = version;
  if (incarnation.has_value()) incarnation_ = *incarnation;
}

int WeightStore::AddWatcher(std::function<void()> wake) {
  MutexLock lock(&watchers_mu_);
  const int id = next_watcher_id_++;
  watchers_.emplace(id, std::move(wake));
  return id;
}

void WeightStore::RemoveWatcher(int watcher_id) {
  MutexLock lock(&watchers_mu_);
  watchers_.erase(watcher_id);
}

}  // namespace recbots
