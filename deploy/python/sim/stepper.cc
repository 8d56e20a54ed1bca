#include "deploy/python/sim/stepper.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

size_t Size(int n) { return static_cast<size_t>(n); }

// Positions beyond int32 become one that no environment has, so that the refusal is the environment's.
int32_t Narrow(int64_t position) {
  return static_cast<int32_t>(
      std::clamp<int64_t>(position, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()));
}

bool Repeats(const int32_t* slate, size_t size) {
  for (size_t k = 1; k < size; ++k) {
    for (size_t j = 0; j < k; ++j) {
      if (slate[j] == slate[k] && slate[k] != kNoItem) return true;
    }
  }
  return false;
}

// Replaces every position that stands earlier in the slate by the lowest one that the slate does not have.
void FillRepeats(int32_t* slate, size_t size) {
  int32_t lowest = 0;
  for (size_t k = 1; k < size; ++k) {
    if (slate[k] == kNoItem || std::find(slate, slate + k, slate[k]) == slate + k) continue;
    while (std::find(slate, slate + size, lowest) != slate + size) ++lowest;
    slate[k] = lowest;
  }
}

template <typename T>
void Zero(absl::Span<T> column) {
  std::fill(column.begin(), column.end(), T{});
}

}  // namespace

absl::StatusOr<std::unique_ptr<Stepper>> Stepper::Create(std::shared_ptr<const Simulation> simulation,
                                                         const StepperOptions& options) {
  if (options.num_users < 1 || options.num_users > kMaxUsers) {
    return absl::InvalidArgumentError(absl::StrCat("num_envs ", options.num_users, ", want 1..", kMaxUsers));
  }
  const auto session = static_cast<uint32_t>(simulation->spec().users_per_session);
  if (static_cast<uint32_t>(options.num_users) % session != 0 || options.first_stream % session != 0) {
    return absl::InvalidArgumentError(absl::StrCat("num_envs ", options.num_users, " and first_stream ",
                                                   options.first_stream, ", want multiples of users_per_session ",
                                                   session));
  }
  return absl::WrapUnique(new Stepper(std::move(simulation), options));
}

Stepper::Stepper(std::shared_ptr<const Simulation> simulation, const StepperOptions& options)
    : simulation_(std::move(simulation)),
      options_(options),
      users_(Size(options.num_users)),
      user_width_(Size(simulation_->spec().num_user_features)),
      doc_width_(Size(simulation_->spec().num_candidates) * Size(simulation_->spec().num_candidate_features)),
      slate_size_(Size(simulation_->spec().slate_size)),
      response_width_(slate_size_ * simulation_->spec().response_fields.size()),
      session_(Size(simulation_->spec().users_per_session)),
      scenario_(simulation_->scenario()),
      environment_(scenario_->MakeEnvironment(options.num_users, options.first_stream)),
      wait_(users_),
      gone_(users_),
      active_(users_, 1),
      return_(users_),
      begun_(users_) {
  const size_t user = users_ * user_width_, doc = users_ * doc_width_;
  if (options_.flat) {
    user_.resize(user);
    doc_.resize(doc);
    final_user_.resize(user);
    final_doc_.resize(doc);
  }
  if (options_.mode == AutoReset::kNextStep) {
    next_user_.resize(user);
    next_doc_.resize(doc);
  }
}

absl::Status Stepper::Seed(uint64_t seed) {
  RECBOTS_ASSIGN_OR_RETURN(scenario_, simulation_->ScenarioOf(seed));
  environment_ = scenario_->MakeEnvironment(options_.num_users, options_.first_stream);
  started_ = false;
  return absl::OkStatus();
}

void Stepper::Reset(const Frame& frame) {
  environment_->Reset(User(frame), Doc(frame));
  started_ = true;
  any_wait_ = false;
  for (auto* column : {&wait_, &gone_}) std::fill(column->begin(), column->end(), uint8_t{0});
  std::fill(active_.begin(), active_.end(), uint8_t{1});
  std::fill(return_.begin(), return_.end(), 0.0);
  std::fill(begun_.begin(), begun_.end(), step_ = 0);
  Zero(frame.response);
  Zero(frame.reward);
  for (const absl::Span<uint8_t> column : {frame.terminated, frame.truncated, frame.ended}) Zero(column);
  if (options_.flat) Join(user_, doc_, frame.response, frame.flat);
}

absl::Status Stepper::ResetSome(absl::Span<const uint8_t> mask, const Frame& last, const Frame& frame) {
  if (!started_) return absl::FailedPreconditionError("reset: no episode has begun, reset all users first");
  const absl::Span<float> user = User(frame), doc = Doc(frame);
  if (!options_.flat) {
    std::copy(last.user.begin(), last.user.end(), user.begin());
    std::copy(last.doc.begin(), last.doc.end(), doc.begin());
  }
  RECBOTS_RETURN_IF_ERROR(environment_->ResetSome(mask, user, doc));
  std::copy(last.response.begin(), last.response.end(), frame.response.begin());
  for (size_t i = 0; i < users_; ++i) {
    if (mask[i] == 0) continue;
    wait_[i] = gone_[i] = 0;
    return_[i] = 0;
    begun_[i] = step_;
    std::fill_n(frame.response.begin() + static_cast<std::ptrdiff_t>(i * response_width_), response_width_, 0.0f);
  }
  any_wait_ = std::find(wait_.begin(), wait_.end(), 1) != wait_.end();
  Zero(frame.reward);
  for (const absl::Span<uint8_t> column : {frame.terminated, frame.truncated, frame.ended}) Zero(column);
  if (options_.flat) Join(user_, doc_, frame.response, frame.flat);
  return absl::OkStatus();
}

absl::StatusOr<bool> Stepper::Step(const Actions& actions, const Frame& frame) {
  if (!started_) return absl::FailedPreconditionError("step: no episode has begun, call reset() first");
  if (actions.narrow.size() + actions.wide.size() != users_ * slate_size_) {
    return absl::InvalidArgumentError(absl::StrCat("step: actions have ", actions.narrow.size() + actions.wide.size(),
                                                   " positions, want ", users_, " x ", slate_size_));
  }
  TakeActions(actions, frame.slate);
  const StepColumns columns = ColumnsFor(frame);
  const bool waited = any_wait_;
  if (options_.mode == AutoReset::kDisabled) {
    RECBOTS_RETURN_IF_ERROR(environment_->StepSome(frame.slate, {.auto_start = false}, columns));
  } else if (any_wait_) {
    RECBOTS_RETURN_IF_ERROR(environment_->StepSome(frame.slate, {.hold = wait_}, columns));
  } else {
    RECBOTS_RETURN_IF_ERROR(environment_->Step(frame.slate, columns));
  }
  ++step_;
  if (options_.flat) {
    Join(user_, doc_, frame.response, frame.flat);
    if (options_.mode == AutoReset::kSameStep) Join(final_user_, final_doc_, frame.response, frame.final_flat);
  }
  const bool any = CountEpisodes(frame, waited);
  if (session_ > 1 || ((any || waited) && options_.mode != AutoReset::kSameStep)) EndSessions(frame);
  return any;
}

void Stepper::TakeActions(const Actions& actions, absl::Span<int32_t> slate) const {
  if (!actions.narrow.empty()) {
    std::copy(actions.narrow.begin(), actions.narrow.end(), slate.begin());
  } else {
    std::transform(actions.wide.begin(), actions.wide.end(), slate.begin(), Narrow);
  }
  if (slate_size_ > 1 && options_.fill_repeats) {
    for (size_t i = 0; i < users_; ++i) {
      int32_t* const row = slate.data() + i * slate_size_;
      if (Repeats(row, slate_size_)) FillRepeats(row, slate_size_);
    }
  }
  if (!any_wait_) return;
  for (size_t i = 0; i < users_; ++i) {
    if (wait_[i] == 0) continue;
    for (size_t k = 0; k < slate_size_; ++k) slate[i * slate_size_ + k] = static_cast<int32_t>(k);
  }
}

StepColumns Stepper::ColumnsFor(const Frame& frame) {
  StepColumns columns;
  columns.response = frame.response;
  columns.reward = frame.reward;
  columns.terminated = frame.terminated;
  columns.truncated = frame.truncated;
  if (has_active()) columns.active = absl::MakeSpan(active_);
  switch (options_.mode) {
    case AutoReset::kSameStep:
      columns.observation = User(frame);
      columns.candidates = Doc(frame);
      columns.next_observation = options_.flat ? absl::MakeSpan(final_user_) : frame.final_user;
      columns.next_candidates = options_.flat ? absl::MakeSpan(final_doc_) : frame.final_doc;
      break;
    case AutoReset::kNextStep:  // Who begins an episode waits one step, which hands out what it began with.
      columns.observation = absl::MakeSpan(next_user_);
      columns.candidates = absl::MakeSpan(next_doc_);
      columns.next_observation = User(frame);
      columns.next_candidates = Doc(frame);
      break;
    case AutoReset::kDisabled:
      columns.observation = User(frame);
      columns.candidates = Doc(frame);
      break;
  }
  return columns;
}

absl::Span<float> Stepper::User(const Frame& frame) { return options_.flat ? absl::MakeSpan(user_) : frame.user; }

absl::Span<float> Stepper::Doc(const Frame& frame) { return options_.flat ? absl::MakeSpan(doc_) : frame.doc; }

void Stepper::Join(absl::Span<const float> user, absl::Span<const float> doc, absl::Span<const float> response,
                   absl::Span<float> flat) const {
  float* to = flat.data();
  for (size_t i = 0; i < users_; ++i) {
    to = std::copy_n(user.data() + i * user_width_, user_width_, to);
    to = std::copy_n(doc.data() + i * doc_width_, doc_width_, to);
    if (options_.response_in_observation) {
      to = std::copy_n(response.data() + i * response_width_, response_width_, to);
    }
  }
}

bool Stepper::CountEpisodes(const Frame& frame, bool waited) {
  const size_t n = users_;
  double* const returns = return_.data();
  const float* const reward = frame.reward.data();
  const uint8_t* const terminated = frame.terminated.data();
  const uint8_t* const truncated = frame.truncated.data();
  uint8_t* const ended = frame.ended.data();
  unsigned any = 0;
  for (size_t i = 0; i < n; ++i) returns[i] += static_cast<double>(reward[i]);
  for (size_t i = 0; i < n; ++i) any |= ended[i] = terminated[i] | truncated[i];
  if (waited) {
    for (size_t i = 0; i < n; ++i) begun_[i] += wait_[i];
  }
  if (any == 0) return false;
  Zero(frame.episode_return);
  Zero(frame.episode_length);
  for (size_t i = 0; i < n; ++i) {
    if (ended[i] != 0) MarkEnded(frame, i);
  }
  return true;
}

void Stepper::MarkEnded(const Frame& frame, size_t user) {
  frame.episode_return[user] = std::exchange(return_[user], 0.0);
  frame.episode_length[user] = step_ - begun_[user];
  begun_[user] = step_;
}

void Stepper::EndSessions(const Frame& frame) {
  const bool disabled = options_.mode == AutoReset::kDisabled;
  any_wait_ = false;
  if (session_ == 1) {
    for (size_t i = 0; i < users_; ++i) {
      wait_[i] = static_cast<uint8_t>(frame.ended[i] | (disabled ? wait_[i] : 0));
      any_wait_ |= wait_[i] != 0;
    }
    return;
  }
  for (size_t i = 0; i < users_; ++i) gone_[i] |= frame.ended[i];
  for (size_t first = 0; first < users_; first += session_) {
    const auto begin = gone_.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end = begin + static_cast<std::ptrdiff_t>(session_);
    const bool over = std::find(begin, end, 0) == end;
    // In the same step the next episode has begun already.
    const bool wait = over && options_.mode != AutoReset::kSameStep;
    std::fill_n(wait_.begin() + static_cast<std::ptrdiff_t>(first), session_, wait ? 1 : 0);
    any_wait_ |= wait;
    if (!over || disabled) continue;
    std::fill(begin, end, uint8_t{0});
    // Those who left early have waited for the others.
    std::fill_n(begun_.begin() + static_cast<std::ptrdiff_t>(first), session_, step_);
  }
}

PolicyFeedback Stepper::Feedback(const Frame& frame) const {
  PolicyFeedback feedback;
  feedback.slates = frame.slate;
  feedback.response = frame.response;
  feedback.reward = frame.reward;
  feedback.terminated = frame.terminated;
  feedback.truncated = frame.truncated;
  if (has_active()) feedback.active = active_;
  if (options_.flat) {
    const bool same_step = options_.mode == AutoReset::kSameStep;
    feedback.next_observation = same_step ? final_user_ : user_;
    feedback.next_candidates = same_step ? final_doc_ : doc_;
  } else if (options_.mode == AutoReset::kSameStep) {
    feedback.next_observation = frame.final_user;
    feedback.next_candidates = frame.final_doc;
  } else {
    feedback.next_observation = frame.user;
    feedback.next_candidates = frame.doc;
  }
  return feedback;
}

}  // namespace recbots
