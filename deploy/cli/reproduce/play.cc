#include "deploy/cli/reproduce/play.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "actor/client/experiment_identity.h"
#include "actor/client/make_scenario.h"
#include "actor/simulate/policy_choice.h"
#include "actor/simulate/simulate.h"
#include "common/algorithms/trained_policy.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

constexpr int kUsers = 256;  // Per thread, at once.

absl::StatusOr<std::unique_ptr<Scenario>> EvaluationScenario(const v1::ExperimentConfig& config) {
  return MakeScenario(config.environment(), EvaluationSeed(config.seed()));
}

absl::StatusOr<PlayedPolicy> Play(const Scenario& scenario, const PolicyFactory& make_policy,
                                  const PlayOptions& options) {
  SimulationOptions simulation;
  simulation.episodes = options.episodes;
  simulation.threads = options.threads;
  simulation.users = kUsers;
  simulation.should_stop = options.should_stop;
  RECBOTS_ASSIGN_OR_RETURN(const SimulationResult result, Simulate(scenario, make_policy, simulation, nullptr));
  if (result.stopped) return absl::CancelledError("stopped");
  PlayedPolicy played;
  const MetricEstimate* const reward = result.Find("AverageEpisodeRewards");
  played.reward = reward->value;
  played.reward_standard_error = reward->standard_error;
  if (const MetricEstimate* quality = result.Find("AverageQuality")) played.quality = quality->value;
  if (const MetricEstimate* clicks = result.Find("CTR")) played.click_percent = 100 * clicks->value;
  return played;
}

void AddShare(std::optional<double> value, double share, std::optional<double>& sum) {
  if (value.has_value()) sum = sum.value_or(0) + share * *value;
}

}  // namespace

uint64_t EvaluationSeed(uint64_t seed) { return 1000000000 + seed; }

absl::StatusOr<PlayedPolicy> PlayTrained(const v1::ExperimentConfig& config, const std::string& weights_path,
                                         const PlayOptions& options) {
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<Scenario> scenario, EvaluationScenario(config));
  RECBOTS_ASSIGN_OR_RETURN(const std::string weights, ReadWeightsFile(weights_path));
  RECBOTS_ASSIGN_OR_RETURN(const v1::ExperimentIdentity identity, ExperimentIdentityOf(config));
  std::string warning;
  const absl::Status same = CheckTrainedFor(weights, identity, &warning);
  if (!same.ok()) return absl::Status(same.code(), absl::StrCat("'", weights_path, "': ", same.message()));
  if (!warning.empty()) RECBOTS_LOG(WARNING) << "'" << weights_path << "': " << warning;
  const EnvironmentSpec& spec = scenario->spec();
  const int max_users = std::max(kUsers, spec.users_per_session);
  return Play(
      *scenario,
      [&]() -> absl::StatusOr<std::unique_ptr<Policy>> {
        return MakeTrainedPolicy(config.algorithm(), spec, max_users, weights);
      },
      options);
}

absl::StatusOr<PlayedPolicy> PlayReference(const v1::ExperimentConfig& config, const std::string& name,
                                           const PlayOptions& options) {
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<Scenario> scenario, EvaluationScenario(config));
  RECBOTS_RETURN_IF_ERROR(scenario->Prepare(Scenario::Known::kReferences, options.should_stop));
  const AgentCatalogue no_agents;
  absl::StatusOr<PolicyChoice> choice = ChoosePolicy(*scenario, no_agents, name);
  if (!choice.ok()) return absl::NotFoundError(choice.status().message());
  return Play(*scenario, choice->make, options);
}

absl::StatusOr<std::vector<ReferenceResult>> PlayReferences(const v1::ExperimentConfig& config, int num_seeds,
                                                            const PlayOptions& options) {
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<Scenario> scenario, EvaluationScenario(config));
  const double share = 1.0 / num_seeds;
  std::vector<ReferenceResult> references;
  for (const std::string& name : ReferenceNames(*scenario)) {
    ReferenceResult reference{name, {}};
    for (int seed = 1; seed <= num_seeds; ++seed) {
      v1::ExperimentConfig of_seed = config;
      of_seed.set_seed(static_cast<uint64_t>(seed));
      RECBOTS_ASSIGN_OR_RETURN(const PlayedPolicy played, PlayReference(of_seed, name, options));
      reference.played.reward += share * played.reward;
      AddShare(played.quality, share, reference.played.quality);
      AddShare(played.click_percent, share, reference.played.click_percent);
    }
    references.push_back(std::move(reference));
  }
  return references;
}

}  // namespace recbots
