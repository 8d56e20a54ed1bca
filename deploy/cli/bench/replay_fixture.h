// A replay service on loopback and rows to fill it with, for the benches of replay.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/row_schema.h"
#include "common/rpc/rpc_server.h"
#include "replay/client/replay_writer.h"
#include "replay/service/replay_service.h"
#include "replay/table/table.h"

namespace recbots {

// Rows of 400 bytes, one column of 100 floats, as in the measurements of Reverb's paper (arXiv:2102.04736, section 4).
class ReplayFixture {
 public:
  static constexpr int64_t kRowBytes = 400;
  static constexpr int64_t kCapacity = 200'000;  // 80 MB: beyond the caches.

  static absl::StatusOr<std::unique_ptr<ReplayFixture>> Create();
  ~ReplayFixture();

  const RowSchema& schema() const { return schema_; }
  const std::string& address() const { return server_->address(); }
  // Appends rows; they are in the table after the writer's Flush.
  absl::Status Insert(replay::ReplayWriter& writer, int64_t rows);
  absl::StatusOr<std::unique_ptr<replay::ReplayWriter>> MakeWriter() const;

 private:
  ReplayFixture() = default;

  RowSchema schema_;
  std::vector<float> rows_;  // Random, so that nothing can be compressed.
  std::unique_ptr<replay::Table> table_;
  std::unique_ptr<replay::ReplayService> service_;
  std::unique_ptr<RpcServer> server_;
};

// Processor time of this process so far, all threads, user and system.
double CpuSeconds();

}  // namespace recbots
