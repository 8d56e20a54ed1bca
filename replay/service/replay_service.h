// ReplayService (proto/recbots/v1/replay.proto) over a Table: translates, and holds no logic of storage.
//
// gRPC callback API; no reaction ever waits (parking_lot.h). Streams that wait when the server stops are cancelled by
// it and end. Order of shutdown: Drain(), RpcServer::Stop(), this object, the table.
#pragma once

#include <grpcpp/grpcpp.h>

#include <array>
#include <memory>

#include "absl/time/time.h"
#include "replay/table/table.h"

namespace recbots::replay {

struct ReplayServiceOptions {
  // Bytes of rows a writer may have unacknowledged. Larger: more of a writer's rows in the air, fewer pauses.
  int64_t insert_window_bytes = 512 << 10;
};

// Counters since the service was made; those of the table are in TableState.
struct ReplayServiceStats {
  int writers = 0;  // Insert streams open now.
  int readers = 0;  // Sample streams open now.
  int64_t refused_blocks = 0;
  int64_t weights_version = 0;  // Newest version any block was chosen with.
  // Time in which at least one stream waited, indexed by BlockedOn.
  std::array<absl::Duration, kNumBlockedOn> blocked;
};

// Thread-safe.
class ReplayService {
 public:
  // The table outlives the service.
  ReplayService(Table* table, const ReplayServiceOptions& options);
  ~ReplayService();

  // For RpcServer::Start; this object must outlive the server.
  grpc::Service* service();

  // Takes no more rows and no more streams, acknowledges what is applied, ends every stream with UNAVAILABLE. Returns
  // at once; RpcServer::Stop waits for the streams. Idempotent.
  void Drain();

  ReplayServiceStats stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace recbots::replay
