// Puts the columns of steps together to rows.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/base/row_schema.h"
#include "common/base/state_archive.h"
#include "common/rl/step_buffer.h"
#include "common/rl/transition.h"

namespace recbots {

// What is stamped on every row of a step.
struct RowStamp {
  int64_t weights_version = 0;
  int64_t weights_updates = 0;
  int64_t collected_micros = 0;
};

// Every active step becomes exactly one row, of that step's observation, candidates, slate, response, probability and
// stamps; what it tells of later steps is in TransitionOptions. A row is handed over as soon as it is complete:
//   n_step 1       at once
//   n_step n       n - 1 steps later
//   next_slate     one step later still, when the next slate is known
//   episode over   all that wait for that user, at once
// Rows that still wait when the packer goes are lost: at most n_step (next_slate: n_step; else n_step - 1) a user.
//
// Where rows wait, memory is up to 2 n_step + 1 rows a user. Not thread-safe. Allocates only in the constructor.
class TransitionPacker {
 public:
  // `schema` is TransitionSchema(spec, options).
  TransitionPacker(const RowSchema& schema, int num_users, const TransitionOptions& options);

  // The rows that this step completes, row-major, of a step that has not been advanced; valid until the next call. By
  // user, the oldest first; one per active user where no row waits.
  absl::string_view Pack(const StepBuffer& step, const RowStamp& stamp);
  // Rows of the last Pack.
  int num_rows() const { return num_rows_; }

  // Drops the rows that wait, of all users, and returns their number: their episodes will not go on.
  int64_t DropWaiting();

  // Transfers the rows that wait.
  void TransferState(StateArchive& archive) {
    archive.Values("waiting rows of users", rings_);
    archive.Values("waiting rows", waiting_);
    archive.Values("waiting rewards", rewards_);
  }

 private:
  // Where a column lies in the row.
  struct ColumnSpan {
    size_t offset = 0;
    size_t bytes = 0;
  };
  // The rows of a user that wait: slots first, first + 1, ... of its ring.
  struct Ring {
    uint32_t first = 0;
    uint32_t size = 0;
  };
  // What a row of `user` is completed with.
  struct NextStep {
    const std::vector<float>& observation;
    const std::vector<float>& candidates;
    const int32_t* slates;  // nullptr: none was shown.
    size_t user = 0;
    bool terminated = false;
  };

  void PackOneStep(const StepBuffer& step, const RowStamp& stamp);
  template <typename T>
  void Scatter(const ColumnSpan& column, const std::vector<T>& values);
  template <typename T>
  void Fill(const ColumnSpan& column, T value);
  // Moves the rows of active users to the front.
  void DropInactive(const std::vector<uint8_t>& active);

  void PackSteps(const StepBuffer& step, const RowStamp& stamp);
  // Lets the step of a user wait, without what follows.
  void Push(size_t user, const StepBuffer& step, const RowStamp& stamp);
  // Completes the oldest waiting row of a user and hands it over.
  void Pop(const NextStep& next);
  // The rewards of all waiting rows of a user, discounted to the oldest.
  float DiscountedReward(size_t user) const;
  template <typename T>
  void CopyRow(const ColumnSpan& column, const std::vector<T>& values, size_t user, char* row) const;

  const size_t row_bytes_;
  const size_t num_users_;
  const double discount_;
  const size_t n_step_;
  const bool next_slate_;
  ColumnSpan observation_, next_observation_, candidates_, next_candidates_, slate_, next_slate_column_, response_,
      reward_, discount_column_, behaviour_probability_, weights_version_, weights_updates_, collected_micros_;
  std::vector<char> rows_;  // Handed over: [B], where rows wait [B, n_step + 1].
  int num_rows_ = 0;

  // Where rows wait.
  std::vector<float> discounts_;  // [n_step + 1]: powers of the discount
  std::vector<Ring> rings_;       // [B]
  std::vector<char> waiting_;     // [B, n_step] rows
  std::vector<float> rewards_;    // [B, n_step], beside them
};

}  // namespace recbots
