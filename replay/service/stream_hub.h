// What all streams of one service share.
#pragma once

#include <atomic>
#include <memory>

#include "absl/container/flat_hash_map.h"
#include "common/base/mutex.h"
#include "recbots/v1/replay.pb.h"
#include "replay/service/parking_lot.h"
#include "replay/service/stream.h"
#include "replay/table/table.h"

namespace recbots::replay {

// Thread-safe. The table and the hub outlive the streams.
struct StreamHub {
  StreamHub(Table* the_table, int64_t window) : table(*the_table), window_bytes(window) {}

  // Keeps the stream alive until Remove. False: the service drains, end it at once.
  bool Add(std::shared_ptr<ServiceStream> stream) ABSL_LOCKS_EXCLUDED(mu) {
    MutexLock lock(&mu);
    streams.emplace(stream.get(), stream);
    return !draining;
  }
  std::shared_ptr<ServiceStream> Remove(ServiceStream* stream) ABSL_LOCKS_EXCLUDED(mu) {
    MutexLock lock(&mu);
    const auto found = streams.find(stream);
    std::shared_ptr<ServiceStream> last = std::move(found->second);
    streams.erase(found);
    return last;
  }

  void FillState(const TableState& state, v1::TableState* out) const {
    out->set_rows(state.rows);
    out->set_inserted(state.inserted);
    out->set_sampled(state.sampled - state.refunded);
    out->set_writers(writers.load());
    out->set_incarnation(table.incarnation());
  }

  Table& table;
  const int64_t window_bytes;
  ParkingLot lot;
  std::atomic<int> writers{0};
  std::atomic<int> readers{0};
  std::atomic<int64_t> refused_blocks{0};
  std::atomic<int64_t> weights_version{0};  // Newest of any block.
  std::atomic<uint32_t> sample_streams{0};  // Ever opened: tells their draws apart.

  Mutex mu;
  absl::flat_hash_map<ServiceStream*, std::shared_ptr<ServiceStream>> streams ABSL_GUARDED_BY(mu);
  bool draining ABSL_GUARDED_BY(mu) = false;
};

}  // namespace recbots::replay
