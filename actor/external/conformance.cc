#include "actor/external/conformance.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "actor/external/make_launcher.h"
#include "actor/scenarios/external/program_pool.h"
#include "actor/scenarios/external/scenario.h"
#include "common/base/status_macros.h"
#include "common/rl/step_buffer.h"

namespace recbots {
namespace {

// What a column of one user held in each step.
struct ColumnHistory {
  const char* name;
  std::vector<std::vector<float>> steps;  // Step 0 is what the first reset showed.
};
using UserHistory = std::vector<ColumnHistory>;

// Slates that depend on the user's stream and on the step alone.
void ChooseSlates(const Environment& environment, int step, std::vector<int32_t>& slates) {
  const EnvironmentSpec& spec = environment.spec();
  const auto k = static_cast<size_t>(spec.slate_size);
  for (size_t i = 0; i < static_cast<size_t>(environment.num_users()); ++i) {
    const auto first = (environment.positions()[i].stream * 7 + static_cast<uint32_t>(step) * 3);
    for (size_t j = 0; j < k; ++j) {
      slates[i * k + j] =
          static_cast<int32_t>((first + static_cast<uint32_t>(j)) % static_cast<uint32_t>(spec.num_candidates));
    }
  }
}

template <typename T>
void Keep(const std::vector<T>& column, size_t user, size_t num_users, ColumnHistory& history) {
  const size_t width = column.size() / num_users;
  std::vector<float>& kept = history.steps.emplace_back();
  for (size_t i = 0; i < width; ++i) kept.push_back(static_cast<float>(column[user * width + i]));
}

// "" if equal, otherwise where they first differ.
std::string Difference(const UserHistory& a, const UserHistory& b) {
  for (size_t c = 0; c < a.size(); ++c) {
    for (size_t t = 0; t < std::min(a[c].steps.size(), b[c].steps.size()); ++t) {
      for (size_t i = 0; i < a[c].steps[t].size(); ++i) {
        const float left = a[c].steps[t][i];
        const float right = b[c].steps[t][i];
        if (left == right) continue;
        return absl::StrCat(a[c].name, ", value ", i, ", of step ", t, " is ", left, " and ", right);
      }
    }
  }
  return "";
}

class Examination {
 public:
  Examination(const ExternalOptions& options, const ConformanceOptions& how, const ExternalHooks& hooks)
      : options_(options), how_(how), hooks_(hooks) {
    options_.max_restarts = 0;  // Every failure is a finding.
  }

  absl::StatusOr<std::vector<ConformanceFinding>> Run() {
    absl::Status status = Examine();
    if (absl::IsDataLoss(status)) {
      findings_ = {{"columns, rewards and flags are what they must be", std::string(status.message())}};
      return findings_;
    }
    RECBOTS_RETURN_IF_ERROR(status);
    return findings_;
  }

 private:
  absl::StatusOr<std::unique_ptr<Scenario>> Make(uint64_t seed) const {
    RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<ProgramLauncher> launcher, MakeLauncher(options_, hooks_));
    return std::make_unique<ExternalScenario>(options_, seed, std::move(launcher), hooks_);
  }

  // The history of each user from its `resets`-th reset on.
  absl::StatusOr<std::vector<UserHistory>> Play(const Scenario& scenario, int num_users, uint32_t first_stream,
                                                int resets = 1) const {
    const std::unique_ptr<Environment> environment = scenario.MakeEnvironment(num_users, first_stream);
    StepBuffer step(scenario.spec(), num_users);
    for (int i = 0; i < resets; ++i) step.Reset(*environment);
    const auto users = static_cast<size_t>(num_users);
    std::vector<UserHistory> histories(users, UserHistory{{"observation", {}},
                                                          {"candidates", {}},
                                                          {"response", {}},
                                                          {"reward", {}},
                                                          {"terminated", {}},
                                                          {"truncated", {}},
                                                          {"next_observation", {}},
                                                          {"next_candidates", {}}});
    for (int t = 0; t <= how_.steps; ++t) {
      for (size_t i = 0; i < users; ++i) {
        Keep(step.observation, i, users, histories[i][0]);
        Keep(step.candidates, i, users, histories[i][1]);
      }
      if (t == how_.steps) break;
      ChooseSlates(*environment, t, step.slates);
      RECBOTS_RETURN_IF_ERROR(step.Step(*environment));
      for (size_t i = 0; i < users; ++i) {
        Keep(step.response, i, users, histories[i][2]);
        Keep(step.reward, i, users, histories[i][3]);
        Keep(step.terminated, i, users, histories[i][4]);
        Keep(step.truncated, i, users, histories[i][5]);
        Keep(step.next_observation, i, users, histories[i][6]);
        Keep(step.next_candidates, i, users, histories[i][7]);
      }
      step.Advance();
    }
    return histories;
  }

  void Found(const char* promise, std::string trouble) { findings_.push_back({promise, std::move(trouble)}); }

  absl::Status Examine() {
    RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<Scenario> scenario, Make(how_.seed));
    RECBOTS_ASSIGN_OR_RETURN(const std::vector<UserHistory> all, Play(*scenario, how_.users, 100));
    Found("columns, rewards and flags are what they must be", "");
    RECBOTS_ASSIGN_OR_RETURN(const std::vector<UserHistory> again, Play(*scenario, how_.users, 100));
    std::string trouble;
    for (size_t i = 0; i < all.size() && trouble.empty(); ++i) trouble = Difference(all[i], again[i]);
    Found("the same seed and streams are the same episodes",
          trouble.empty() ? "" : absl::StrCat(trouble, ", in two plays of the same users"));
    RECBOTS_RETURN_IF_ERROR(ExamineBatches(*scenario, all));
    RECBOTS_RETURN_IF_ERROR(ExamineResets(*scenario, all));
    bool differ = false;
    for (size_t i = 1; i < all.size(); ++i) differ = differ || !Difference(all[0], all[i]).empty();
    Found("different streams are different users",
          differ ? "" : absl::StrCat("all ", how_.users, " users had the same episodes"));
    RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<Scenario> other, Make(how_.seed + 1));
    RECBOTS_ASSIGN_OR_RETURN(const std::vector<UserHistory> others, Play(*other, how_.users, 100));
    differ = false;
    for (size_t i = 0; i < all.size(); ++i) differ = differ || !Difference(all[i], others[i]).empty();
    Found("different seeds are different users",
          differ ? "" : absl::StrCat("seeds ", how_.seed, " and ", how_.seed + 1, " had the same episodes"));
    return absl::OkStatus();
  }

  absl::Status ExamineBatches(const Scenario& scenario, const std::vector<UserHistory>& all) {
    std::string trouble;
    for (const int num_users : {1, how_.users / 2}) {
      const int first = how_.users - num_users;
      RECBOTS_ASSIGN_OR_RETURN(const std::vector<UserHistory> some,
                               Play(scenario, num_users, 100 + static_cast<uint32_t>(first)));
      for (size_t i = 0; i < some.size() && trouble.empty(); ++i) {
        const std::string difference = Difference(all[static_cast<size_t>(first) + i], some[i]);
        if (!difference.empty()) {
          trouble = absl::StrCat(difference, ", among ", how_.users, " users and among ", num_users);
        }
      }
    }
    Found("a user's episodes are the same for any number of users", trouble);
    return absl::OkStatus();
  }

  absl::Status ExamineResets(const Scenario& scenario, const std::vector<UserHistory>& all) {
    RECBOTS_ASSIGN_OR_RETURN(const std::vector<UserHistory> second, Play(scenario, how_.users, 100, /*resets=*/2));
    RECBOTS_ASSIGN_OR_RETURN(const std::vector<UserHistory> alone, Play(scenario, 1, 100, /*resets=*/2));
    std::string trouble = Difference(second[0], alone[0]);
    if (!trouble.empty()) trouble += ", after a second reset, among several users and alone";
    bool differ = false;
    for (size_t i = 0; i < all.size(); ++i) differ = differ || !Difference(all[i], second[i]).empty();
    if (trouble.empty() && !differ) trouble = "after a second reset all users had the episodes of the first again";
    Found("a reset starts each user at its next episode", trouble);
    return absl::OkStatus();
  }

  ExternalOptions options_;
  const ConformanceOptions how_;
  const ExternalHooks& hooks_;
  std::vector<ConformanceFinding> findings_;
};

}  // namespace

absl::StatusOr<std::vector<ConformanceFinding>> ExamineEnvironment(const ExternalOptions& options,
                                                                   const ConformanceOptions& how,
                                                                   const ExternalHooks& hooks) {
  RECBOTS_RETURN_IF_ERROR(Validate(options));
  return Examination(options, how, hooks).Run();
}

absl::StatusOr<ExternalSpecOptions> DescribeEnvironmentOf(const ExternalOptions& options, const ExternalHooks& hooks) {
  RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<ProgramLauncher> launcher, MakeLauncher(options, hooks));
  ProgramPool pool(options, std::move(launcher), hooks);
  return pool.Describe();
}

}  // namespace recbots
