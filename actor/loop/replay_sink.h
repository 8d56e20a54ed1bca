// Transitions to the replay service.
#pragma once

#include <functional>
#include <utility>

#include "actor/loop/row_sink.h"
#include "common/base/instant.h"
#include "replay/client/replay_writer.h"

namespace recbots {

// Not thread-safe.
class ReplaySink : public RowSink {
 public:
  // `stop` is asked several times a second while replay takes no rows. The writer must outlive the sink.
  ReplaySink(replay::ReplayWriter& writer, size_t row_bytes, std::function<bool()> stop)
      : writer_(writer), row_bytes_(row_bytes), stop_(std::move(stop)) {}

  // CANCELLED: told to stop; other errors are the writer's final ones.
  absl::Status Append(absl::string_view rows, int num_rows, int64_t weights_version) override {
    int64_t done = 0;
    while (true) {
      const absl::StatusOr<int64_t> taken =
          writer_.Append(rows.data() + static_cast<size_t>(done) * row_bytes_, num_rows - done, weights_version,
                         Instant::Now() + absl::Milliseconds(100));
      if (!taken.ok()) return taken.status();
      done += *taken;
      if (done == num_rows) return absl::OkStatus();
      if (stop_()) return absl::CancelledError("told to stop");
    }
  }

 private:
  replay::ReplayWriter& writer_;
  const size_t row_bytes_;
  const std::function<bool()> stop_;
};

}  // namespace recbots
