// Transitions to the replay service.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "actor/loop/row_sink.h"
#include "common/base/instant.h"
#include "common/base/status_macros.h"
#include "common/base/wait_board.h"
#include "replay/client/replay_writer.h"

namespace recbots {

// Not thread-safe.
class ReplaySink : public RowSink {
 public:
  // `stop` is asked several times a second while replay takes no rows; this wait is shown on `waits` (nullptr: nowhere)
  // as one for `room`. Writer and board must outlive the sink.
  ReplaySink(replay::ReplayWriter& writer, size_t row_bytes, std::function<bool()> stop, WaitBoard* waits = nullptr,
             const WaitFor& room = {.thing = "room in replay"})
      : writer_(writer), row_bytes_(row_bytes), stop_(std::move(stop)), waits_(waits), room_(room) {}

  // Where the writer drops rows it drops the last ones of each step, so each step then begins with another user: rows
  // that are kept are of all of them.
  //   CANCELLED  told to stop
  //   others     the writer's final ones
  absl::Status Append(absl::string_view rows, int num_rows, int64_t weights_version) override {
    if (const int64_t dropped = writer_.dropped_rows(); dropped != dropped_) {
      dropped_ = dropped;
      turn_ += kStride;
    }
    const size_t first = num_rows > 0 ? turn_ % static_cast<size_t>(num_rows) * row_bytes_ : 0;
    RECBOTS_RETURN_IF_ERROR(AppendAll(rows.substr(first), weights_version));
    return AppendAll(rows.substr(0, first), weights_version);
  }

 private:
  // Prime, so that it goes round all numbers of users but its multiples.
  static constexpr size_t kStride = 7919;

  absl::Status AppendAll(absl::string_view rows, int64_t weights_version) {
    std::optional<ScopedWait> wait;
    while (!rows.empty()) {
      RECBOTS_ASSIGN_OR_RETURN(const int64_t taken,
                               writer_.Append(rows.data(), static_cast<int64_t>(rows.size() / row_bytes_),
                                              weights_version, Instant::Now() + absl::Milliseconds(100)));
      rows.remove_prefix(static_cast<size_t>(taken) * row_bytes_);
      if (rows.empty()) break;
      if (stop_()) return absl::CancelledError("told to stop");
      if (!wait.has_value()) wait.emplace(waits_, room_);
    }
    return absl::OkStatus();
  }

  replay::ReplayWriter& writer_;
  const size_t row_bytes_;
  const std::function<bool()> stop_;
  WaitBoard* const waits_;
  const WaitFor room_;
  int64_t dropped_ = 0;  // Seen so far.
  size_t turn_ = 0;
};

}  // namespace recbots
