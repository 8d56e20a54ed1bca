#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/rl/spec.h"
#include "common/rl/step_buffer.h"
#include "deploy/cli/evaluate/policy_probabilities.h"

namespace recbots {
namespace {

constexpr size_t kUsersTogether = 64;

// Shows sessions to a policy, up to kUsersTogether at once; those that ended idle until all have.
class Replayer {
 public:
  Replayer(const Scenario& scenario, Policy& policy, InteractionLog& log)
      : scenario_(scenario),
        spec_(scenario.spec()),
        policy_(policy),
        log_(log),
        slate_size_(static_cast<size_t>(spec_.slate_size)),
        num_fields_(spec_.response_fields.size()),
        observation_size_(static_cast<size_t>(spec_.num_user_features)),
        candidates_size_(static_cast<size_t>(spec_.num_candidates) *
                         static_cast<size_t>(spec_.num_candidate_features)) {}

  absl::Status Run() {
    RECBOTS_RETURN_IF_ERROR(CheckFit());
    RECBOTS_RETURN_IF_ERROR(ReadItems());
    ReadCatalogue();
    constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
    for (std::vector<double>* column : {&log_.evaluation_slate, &log_.evaluation_item, &log_.evaluation_prefix}) {
      column->assign(log_.num_rows(), kNaN);
    }
    for (size_t first = 0; first < log_.num_sessions(); first += kUsersTogether) {
      PlayBatch(first, std::min(kUsersTogether, log_.num_sessions() - first));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status CheckFit() const {
    const LogFeatures& features = log_.features;
    if (policy_.learns()) {
      return absl::FailedPreconditionError(
          "the policy learns from one user for another: its probabilities depend on the order of users, and a log "
          "cannot "
          "be replayed for it");
    }
    if (features.num_user_features != observation_size_) {
      return absl::InvalidArgumentError(absl::StrCat("the log has ", features.num_user_features,
                                                     " columns observation.I, want ", observation_size_, " as ",
                                                     spec_.name, " has user features"));
    }
    if (features.response_fields != spec_.response_fields) {
      return absl::InvalidArgumentError(absl::StrCat("the log's columns response.NAME are not those of ", spec_.name));
    }
    const bool has_candidates = features.num_candidates * features.num_candidate_features == candidates_size_;
    const bool needs_candidates = !spec_.fixed_catalogue || features.num_candidates > 0;
    if (candidates_size_ > 0 && needs_candidates && !has_candidates) {
      return absl::FailedPreconditionError(absl::StrCat(
          "candidates of ", spec_.name, " differ from step to step, and the log has ", features.num_candidates,
          " with ", features.num_candidate_features, " features, want ", spec_.num_candidates, " with ",
          spec_.num_candidate_features, ": write the log with --log_candidates"));
    }
    return absl::OkStatus();
  }

  // Items of our logs are positions among the candidates.
  absl::Status ReadItems() {
    candidate_.resize(static_cast<size_t>(log_.items.size()));
    for (int32_t id = 0; id < log_.items.size(); ++id) {
      const std::string name = log_.items.Name(id);
      int32_t& candidate = candidate_[static_cast<size_t>(id)];
      if (!absl::SimpleAtoi(name, &candidate) || candidate < 0 || candidate >= spec_.num_candidates) {
        return absl::InvalidArgumentError(absl::StrCat("item '", name, "' of the log, want 0..",
                                                       spec_.num_candidates - 1, ", a candidate of ", spec_.name));
      }
    }
    for (size_t slate = 0; slate < log_.num_slates(); ++slate) {
      const int64_t size = log_.slate_begin[slate + 1] - log_.slate_begin[slate];
      if (size > spec_.slate_size) {
        return absl::InvalidArgumentError(
            absl::StrCat("a slate of ", size, " items, want at most ", spec_.slate_size, " as in ", spec_.name));
      }
    }
    return absl::OkStatus();
  }

  // The catalogue that all steps have in common, where the log has no candidates.
  void ReadCatalogue() {
    if (candidates_size_ == 0 || log_.features.num_candidates > 0) return;
    const int users = spec_.users_per_session;
    StepBuffer buffer(spec_, users);
    buffer.Reset(*scenario_.MakeEnvironment(users, 0));
    catalogue_.assign(buffer.candidates.begin(), buffer.candidates.begin() + static_cast<ptrdiff_t>(candidates_size_));
  }

  // Fills what the policy sees of a user before step t of its session; behind the last step, what it saw last.
  void Show(size_t user, size_t session, int64_t t, std::vector<float>& observation, std::vector<float>& candidates) {
    const int64_t first = log_.session_begin[session];
    const int64_t last = log_.session_begin[session + 1] - 1;
    const auto row = static_cast<size_t>(log_.slate_begin[static_cast<size_t>(std::min(first + t, last))]);
    const LogFeatures& features = log_.features;
    const size_t width = observation_size_ + features.num_candidates * features.num_candidate_features;
    const auto block =
        features.blocks.begin() + static_cast<ptrdiff_t>(static_cast<size_t>(features.block[row]) * width);
    std::copy_n(block, observation_size_, observation.begin() + static_cast<ptrdiff_t>(user * observation_size_));
    const auto out = candidates.begin() + static_cast<ptrdiff_t>(user * candidates_size_);
    if (!catalogue_.empty()) {
      std::copy(catalogue_.begin(), catalogue_.end(), out);
    } else if (candidates_size_ > 0) {
      std::copy_n(block + static_cast<ptrdiff_t>(observation_size_), candidates_size_, out);
    }
    step_[user] = {.stream = log_.stream.empty() ? static_cast<uint32_t>(session) : log_.stream[row],
                   .episode = 0,
                   .step = static_cast<uint32_t>(t)};
  }

  // Fills the slate and what came of it.
  void Outcome(size_t user, size_t session, int64_t t) {
    const int64_t first = log_.session_begin[session];
    const int64_t count = log_.session_begin[session + 1] - first;
    active_[user] = t < count ? 1 : 0;
    const auto slate = static_cast<size_t>(first + std::min(t, count - 1));
    const auto begin = static_cast<size_t>(log_.slate_begin[slate]);
    const auto end = static_cast<size_t>(log_.slate_begin[slate + 1]);
    int32_t* const slate_out = slates_.data() + user * slate_size_;
    float* const response = response_.data() + user * slate_size_ * num_fields_;
    std::fill_n(slate_out, slate_size_, kNoItem);
    std::fill_n(response, slate_size_ * num_fields_, 0.0f);
    for (size_t row = begin; row < end; ++row) {
      if (log_.item[row] == kNoItem) break;
      slate_out[row - begin] = candidate_[static_cast<size_t>(log_.item[row])];
      std::copy_n(log_.features.response.begin() + static_cast<ptrdiff_t>(row * num_fields_), num_fields_,
                  response + (row - begin) * num_fields_);
    }
    reward_[user] = static_cast<float>(log_.reward[begin]);
    const bool last = t >= count - 1;
    terminated_[user] = last && log_.session_end[session] != SessionEnd::kCut ? 1 : 0;
    truncated_[user] = last && log_.session_end[session] == SessionEnd::kCut ? 1 : 0;
  }

  void Keep(size_t user, size_t session, int64_t t) {
    if (active_[user] == 0) return;
    const auto slate = static_cast<size_t>(log_.session_begin[session] + t);
    const auto begin = static_cast<size_t>(log_.slate_begin[slate]);
    for (auto row = begin; row < static_cast<size_t>(log_.slate_begin[slate + 1]); ++row) {
      log_.evaluation_slate[row] = slate_probability_[user];
      log_.evaluation_item[row] = position_[user * slate_size_ + (row - begin)];
      log_.evaluation_prefix[row] = prefix_[user * slate_size_ + (row - begin)];
    }
  }

  void Resize(size_t users) {
    step_.resize(users);
    observation_.resize(users * observation_size_);
    candidates_.resize(users * candidates_size_);
    next_observation_ = observation_;
    next_candidates_ = candidates_;
    slates_.resize(users * slate_size_);
    position_.resize(slates_.size());
    prefix_.resize(slates_.size());
    slate_probability_.resize(users);
    response_.resize(slates_.size() * num_fields_);
    reward_.resize(users);
    terminated_.resize(users);
    truncated_.resize(users);
    active_.resize(users);
  }

  void PlayBatch(size_t first, size_t users) {
    Resize(users);
    int64_t longest = 0;
    for (size_t user = 0; user < users; ++user) {
      longest = std::max(longest, log_.session_begin[first + user + 1] - log_.session_begin[first + user]);
    }
    for (int64_t t = 0; t < longest; ++t) {
      for (size_t user = 0; user < users; ++user) {
        Show(user, first + user, t + 1, next_observation_, next_candidates_);
        Show(user, first + user, t, observation_, candidates_);
        Outcome(user, first + user, t);
      }
      policy_.Probability({observation_, step_, candidates_}, {slates_, absl::MakeSpan(slate_probability_),
                                                               absl::MakeSpan(position_), absl::MakeSpan(prefix_)});
      for (size_t user = 0; user < users; ++user) Keep(user, first + user, t);
      policy_.Observe(
          {slates_, response_, reward_, terminated_, truncated_, next_observation_, next_candidates_, active_});
    }
  }

  const Scenario& scenario_;
  const EnvironmentSpec& spec_;
  Policy& policy_;
  InteractionLog& log_;
  const size_t slate_size_, num_fields_, observation_size_, candidates_size_;
  std::vector<int32_t> candidate_;  // [items of the log]: positions among the candidates
  std::vector<float> catalogue_;    // [N, D] of a fixed catalogue

  // Of the users of a batch.
  std::vector<StreamPosition> step_;
  std::vector<float> observation_, candidates_, next_observation_, next_candidates_, response_, reward_;
  std::vector<int32_t> slates_;
  std::vector<double> slate_probability_, position_, prefix_;
  std::vector<uint8_t> terminated_, truncated_, active_;
};

}  // namespace

absl::Status FillByReplay(const Scenario& scenario, Policy& policy, InteractionLog& log) {
  return Replayer(scenario, policy, log).Run();
}

}  // namespace recbots
