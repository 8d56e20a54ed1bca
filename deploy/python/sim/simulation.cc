#include "deploy/python/sim/simulation.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "actor/client/make_scenario.h"
#include "actor/recsim/estimates.h"
#include "actor/recsim/play_episodes.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"

namespace recbots {
namespace {

// Of the evaluator (actor/loop/streams.h): users whom no actor plays.
constexpr uint32_t kFirstStream = uint32_t{1} << 31;
constexpr int kUsers = 64;  // Played together.

absl::StatusOr<ReferenceValue> Play(const Scenario& scenario, const ReferencePolicy& reference, int64_t episodes,
                                    const StopQuestion& stop) {
  const int session = scenario.spec().users_per_session;
  const auto m = static_cast<uint32_t>(session);
  EpisodesToPlay what;
  what.num_users = std::max(1, kUsers / session) * session;
  what.first_stream = (kFirstStream + m - 1) / m * m;
  what.episodes_each = (episodes + what.num_users - 1) / what.num_users;
  what.should_stop = stop;
  MeanEstimate returns;
  RECBOTS_RETURN_IF_ERROR(PlayEpisodes(scenario, *reference.policy, what,
                                       [&returns](size_t, const StepBuffer&, const EpisodeSoFar& episode) {
                                         if (episode.over) returns.Add(episode.reward);
                                       }));
  return ReferenceValue{reference.name, returns.mean(), returns.ci95()};
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Simulation>> Simulation::Create(const std::string& path,
                                                                     const std::vector<std::string>& overrides) {
  RECBOTS_ASSIGN_OR_RETURN(v1::ExperimentConfig config, LoadExperimentConfig(path, overrides));
  RECBOTS_ASSIGN_OR_RETURN(std::shared_ptr<const Scenario> scenario, MakeScenario(config.environment(), config.seed()));
  return std::shared_ptr<const Simulation>(absl::WrapUnique(new Simulation(std::move(config), std::move(scenario))));
}

absl::StatusOr<std::shared_ptr<const Scenario>> Simulation::ScenarioOf(uint64_t seed) const {
  if (seed == config_.seed()) return scenario_;
  RECBOTS_ASSIGN_OR_RETURN(std::shared_ptr<const Scenario> scenario, MakeScenario(config_.environment(), seed));
  return scenario;
}

absl::StatusOr<std::vector<ReferenceValue>> Simulation::References(const Scenario& scenario, int64_t episodes,
                                                                   const StopQuestion& stop) const {
  if (episodes < 2) return absl::InvalidArgumentError(absl::StrCat("episodes ", episodes, ", want at least 2"));
  RECBOTS_RETURN_IF_ERROR(scenario.Prepare(Scenario::Known::kReferences, stop));
  std::vector<ReferenceValue> values;
  for (const ReferencePolicy& reference : scenario.MakeReferencePolicies()) {
    const std::optional<double> known = scenario.ValueOf(reference);
    if (known.has_value()) {
      values.push_back({reference.name, *known, 0});
      continue;
    }
    RECBOTS_ASSIGN_OR_RETURN(ReferenceValue value, Play(scenario, reference, episodes, stop));
    values.push_back(std::move(value));
  }
  return values;
}

}  // namespace recbots
