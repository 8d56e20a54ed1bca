// A batch of users that a program of its own plays.
#pragma once

#include <memory>
#include <vector>

#include "actor/scenarios/external/check_columns.h"
#include "actor/scenarios/external/program_pool.h"
#include "common/rl/environment.h"

namespace recbots {

// Checks all that comes from the program. A program that hangs, ends, reports an error or sends what must not be is
// ended and started again, and all users begin new episodes on new streams: Step then returns ABORTED, as Environment
// says. Episodes are the same for every B only as far as the program keeps to that.
//
//   Step  CANCELLED  told to stop (ExternalHooks)
//         others     the program cannot play, or has failed too often. The error is final, and its message says
//                    why and has the program's last lines
// An error of Reset is returned by the next Step.
//
// TransferState keeps the streams alone: an environment that has loaded it begins new episodes on new streams.
class ExternalEnvironment final : public Environment {
 public:
  ExternalEnvironment(std::shared_ptr<ProgramPool> pool, EnvironmentSpec spec, uint64_t seed, int num_users,
                      uint32_t first_stream);
  ~ExternalEnvironment() override;

  const EnvironmentSpec& spec() const override { return spec_; }
  int num_users() const override { return static_cast<int>(positions_.size()); }
  absl::Span<const StreamPosition> positions() const override { return positions_; }
  void Reset(absl::Span<float> observation, absl::Span<float> candidates) override;
  absl::Status Step(absl::Span<const int32_t> slates, const StepColumns& out) override;
  void TransferState(StateArchive& archive) override;

 private:
  // Asks the program for step sequence_ of `slates` and measures the time.
  absl::StatusOr<ProgramColumns> Ask(absl::Span<const int32_t> slates);
  // Starts every user at its next episode, in a program that plays.
  absl::Status StartUsers(absl::Span<float> observation, absl::Span<float> candidates);
  // Takes a program, and starts every user. `again`: on new streams, and as often as the budget allows.
  absl::Status StartProgram(absl::Span<float> observation, absl::Span<float> candidates);
  absl::Status StartAgain(absl::Status failure, absl::Span<float> observation, absl::Span<float> candidates);
  // Ends the program; returns `failure` with its name and its last lines.
  absl::Status EndProgram(const absl::Status& failure);
  absl::Status MoveToNewStreams();
  void SetStreams(uint32_t first_stream);
  // Counts the step in positions_.
  void Advance(const StepColumns& out);

  const std::shared_ptr<ProgramPool> pool_;
  const EnvironmentSpec spec_;
  const uint64_t seed_;
  std::vector<StreamPosition> positions_;  // [B]
  ColumnChecker checker_;
  std::unique_ptr<UserProgram> program_;
  uint32_t first_stream_ = 0;
  uint64_t sequence_ = 0;
  bool started_ = false;  // Reset was called.
  bool loaded_ = false;   // What the program plays is not what the archive was of.
  absl::Status error_;    // Final.
};

}  // namespace recbots
