#include "actor/scenarios/external/environment.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "actor/recsim/check_step.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/state_archive.h"
#include "common/base/status_macros.h"

namespace recbots {

ExternalEnvironment::ExternalEnvironment(std::shared_ptr<ProgramPool> pool, EnvironmentSpec spec, uint64_t seed,
                                         int num_users, uint32_t first_stream)
    : pool_(std::move(pool)),
      spec_(std::move(spec)),
      seed_(seed),
      positions_(static_cast<size_t>(num_users)),
      checker_(spec_, num_users) {
  RECBOTS_CHECK(num_users >= 1) << "num_users " << num_users << ", want at least 1";
  SetStreams(first_stream);
}

ExternalEnvironment::~ExternalEnvironment() {
  if (program_ != nullptr) pool_->GiveBack(std::move(program_));
}

void ExternalEnvironment::SetStreams(uint32_t first_stream) {
  first_stream_ = first_stream;
  for (size_t i = 0; i < positions_.size(); ++i) positions_[i] = {.stream = first_stream + static_cast<uint32_t>(i)};
}

absl::Status ExternalEnvironment::MoveToNewStreams() {
  const int num_users = static_cast<int>(positions_.size());
  uint32_t first = first_stream_ + static_cast<uint32_t>(num_users);
  if (pool_->hooks().new_streams) {
    RECBOTS_ASSIGN_OR_RETURN(first, pool_->hooks().new_streams(num_users));
  }
  SetStreams(first);
  return absl::OkStatus();
}

absl::StatusOr<ProgramColumns> ExternalEnvironment::Ask(absl::Span<const int32_t> slates) {
  const Instant start = Instant::Now();
  absl::StatusOr<ProgramColumns> columns = program_->Step(sequence_, slates, pool_->StepWait());
  const absl::Duration time = Instant::Now() - start;
  if (pool_->hooks().record != nullptr) pool_->hooks().record->Stepped(time);
  if (pool_->hooks().on_step) pool_->hooks().on_step(time);
  return columns;
}

absl::Status ExternalEnvironment::StartUsers(absl::Span<float> observation, absl::Span<float> candidates) {
  sequence_ = 0;
  RECBOTS_ASSIGN_OR_RETURN(const ProgramColumns columns, Ask({}));
  return checker_.TakeStart(columns, observation, candidates);
}

absl::Status ExternalEnvironment::EndProgram(const absl::Status& failure) {
  const absl::Status explained = pool_->Explain(failure, program_.get());
  program_.reset();
  return explained;
}

absl::Status ExternalEnvironment::StartProgram(absl::Span<float> observation, absl::Span<float> candidates) {
  RECBOTS_ASSIGN_OR_RETURN(program_, pool_->Take({pool_->options().spec, num_users(), first_stream_, seed_}));
  const absl::Status started = StartUsers(observation, candidates);
  return started.ok() ? started : EndProgram(started);
}

absl::Status ExternalEnvironment::StartAgain(absl::Status failure, absl::Span<float> observation,
                                             absl::Span<float> candidates) {
  bool starting = false;
  while (!failure.ok()) {
    RECBOTS_RETURN_IF_ERROR(pool_->AwaitRestart(failure, starting));
    RECBOTS_RETURN_IF_ERROR(MoveToNewStreams());
    failure = StartProgram(observation, candidates);
    starting = true;
  }
  return failure;
}

void ExternalEnvironment::Reset(absl::Span<float> observation, absl::Span<float> candidates) {
  std::fill(observation.begin(), observation.end(), 0.0f);
  std::fill(candidates.begin(), candidates.end(), 0.0f);
  if (!error_.ok()) return;
  absl::Status status;
  if (program_ == nullptr) {
    status = StartProgram(observation, candidates);
  } else {
    status = StartUsers(observation, candidates);
    if (!status.ok()) status = EndProgram(status);
  }
  if (status.ok()) {
    for (StreamPosition& position : positions_) {
      position.episode += started_ ? 1 : 0;
      position.step = 0;
    }
  }
  started_ = true;
  error_ = StartAgain(status, observation, candidates);
}

absl::Status ExternalEnvironment::Step(absl::Span<const int32_t> slates, const StepColumns& out) {
  if (!started_) return absl::FailedPreconditionError("step: no episode has begun, call Reset first");
  RECBOTS_RETURN_IF_ERROR(error_);
  RECBOTS_RETURN_IF_ERROR(CheckColumns(spec_, positions_.size(), out));
  RECBOTS_RETURN_IF_ERROR(CheckSlates(spec_, positions_.size(), slates));
  absl::Status failure;
  if (!std::exchange(loaded_, false)) {
    ++sequence_;
    const absl::StatusOr<ProgramColumns> columns = Ask(slates);
    failure = columns.ok() ? checker_.TakeStep(*columns, out) : columns.status();
    if (failure.ok()) {
      Advance(out);
      return failure;
    }
    failure = EndProgram(failure);
    error_ = StartAgain(failure, out.observation, out.candidates);
  } else {
    failure = absl::AbortedError("the run goes on, and the program does not know its users");
    pool_->GiveBack(std::move(program_));
    error_ = MoveToNewStreams();
    if (error_.ok())
      error_ = StartAgain(StartProgram(out.observation, out.candidates), out.observation, out.candidates);
  }
  RECBOTS_RETURN_IF_ERROR(error_);
  return absl::AbortedError(absl::StrCat("all users began new episodes: ", failure.message()));
}

void ExternalEnvironment::Advance(const StepColumns& out) {
  for (size_t i = 0; i < positions_.size(); ++i) {
    const bool ended = (out.terminated[i] | out.truncated[i]) != 0;
    positions_[i].step = ended ? 0 : positions_[i].step + 1;
    positions_[i].episode += ended ? 1 : 0;
  }
}

void ExternalEnvironment::TransferState(StateArchive& archive) {
  archive.Value("first stream", first_stream_);
  if (!archive.loading()) return;
  loaded_ = true;
}

}  // namespace recbots
