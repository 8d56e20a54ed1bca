#include "actor/client/make_scenario.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "actor/client/describe_options.h"
#include "actor/client/fill_options.h"
#include "actor/recsim/history_scenario.h"
#include "actor/recsim/model_scenario.h"
#include "actor/scenarios/choc_kale/model.h"
#include "actor/scenarios/document_browsing/acceptance_matrix.h"
#include "actor/scenarios/document_browsing/model.h"
#include "actor/scenarios/interest_evolution/model.h"
#include "actor/scenarios/interest_exploration/model.h"
#include "actor/scenarios/known_q/model.h"
#include "actor/scenarios/long_term_satisfaction/model.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"

namespace recbots {
namespace {

// Messages of the simulator begin with the name of the setting; here it becomes the path in the configuration.
absl::Status Within(absl::string_view path, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(path, ".", status.message()));
}

// The matrix that the configuration gives or names, or the generated one.
absl::StatusOr<std::vector<double>> MakeAcceptance(const v1::DocumentBrowsingConfig& config) {
  const int given = (config.acceptance_size() > 0) + config.has_matrix_file() + config.has_matrix_seed();
  if (given > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("acceptance (", config.acceptance_size(), " numbers), matrix_file ",
                     config.has_matrix_file() ? absl::StrCat("'", config.matrix_file(), "'") : "(none)",
                     " and matrix_seed ", config.has_matrix_seed() ? absl::StrCat(config.matrix_seed()) : "(none)",
                     ": ", given, " of them are given, want at most 1"));
  }
  if (config.acceptance_size() > 0) {
    return std::vector<double>(config.acceptance().begin(), config.acceptance().end());
  }
  if (config.has_matrix_file()) return ReadAcceptanceFile(config.matrix_file(), config.num_documents());
  return GenerateAcceptance(config.num_documents(), config.exit_probability_accepted(),
                            config.exit_probability_refused(), config.matrix_seed());
}

absl::StatusOr<std::unique_ptr<Scenario>> MakeDocumentBrowsing(const google::protobuf::Message& message, uint64_t seed,
                                                               int users_per_session) {
  const auto& config = static_cast<const v1::DocumentBrowsingConfig&>(message);
  DocumentBrowsingOptions options;
  options.num_documents = config.num_documents();
  options.exit_probability_accepted = config.exit_probability_accepted();
  options.exit_probability_refused = config.exit_probability_refused();
  options.max_episode_steps = config.max_episode_steps();
  // Scalars first: the size of the matrix, and of what is generated, depends on them.
  RECBOTS_RETURN_IF_ERROR(ValidateScalars(options));
  RECBOTS_ASSIGN_OR_RETURN(options.acceptance, MakeAcceptance(config));
  return ModelScenario<DocumentBrowsingModel>::Create(options, seed, users_per_session);
}

// A given matrix counts by its numbers, wherever they are written; a generated one by its seed.
absl::Status DescribeDocumentBrowsing(const google::protobuf::Message& message, const std::string& path, bool,
                                      IdentityFields& fields) {
  const auto& config = static_cast<const v1::DocumentBrowsingConfig&>(message);
  fields[path + ".num_documents"] = absl::StrCat(config.num_documents());
  fields[path + ".exit_probability_accepted"] = NumberText(config.exit_probability_accepted());
  fields[path + ".exit_probability_refused"] = NumberText(config.exit_probability_refused());
  fields[path + ".max_episode_steps"] = absl::StrCat(config.max_episode_steps());
  if (config.acceptance_size() == 0 && !config.has_matrix_file()) {
    fields[path + ".matrix_seed"] = absl::StrCat(config.matrix_seed());
    return absl::OkStatus();
  }
  RECBOTS_ASSIGN_OR_RETURN(const std::vector<double> acceptance, MakeAcceptance(config));
  fields[path + ".acceptance"] = NumbersText(acceptance);
  return absl::OkStatus();
}

template <typename Model>
absl::StatusOr<std::unique_ptr<Scenario>> MakeModelScenario(const google::protobuf::Message& message, uint64_t seed,
                                                            int users_per_session) {
  typename Model::Options options;
  FillOptions(message, options);
  return ModelScenario<Model>::Create(options, seed, users_per_session);
}

template <typename Options>
void DescribeOptions(const google::protobuf::Message& message, const std::string& path, bool references,
                     IdentityFields& fields) {
  Options options;
  FillOptions(message, options);
  OptionsDescriber describer(*message.GetDescriptor(), path, references, &fields);
  options.ForEachField(describer);
}

template <typename Model>
absl::Status DescribeModel(const google::protobuf::Message& message, const std::string& path, bool references,
                           IdentityFields& fields) {
  DescribeOptions<typename Model::Options>(message, path, references, fields);
  return absl::OkStatus();
}

// Adds the history that the configuration asks for, if any.
absl::StatusOr<std::unique_ptr<Scenario>> WithHistory(const v1::HistoryConfig& config,
                                                      std::unique_ptr<Scenario> scenario) {
  HistoryOptions options;
  FillOptions(config, options);
  if (!options.any()) return scenario;
  auto with_history = HistoryScenario::Create(std::move(scenario), options);
  if (!with_history.ok()) return Within("environment.history", with_history.status());
  return with_history;
}

// What is made of a scenario's message.
struct Maker {
  absl::StatusOr<std::unique_ptr<Scenario>> (*make)(const google::protobuf::Message& message, uint64_t seed,
                                                    int users_per_session);
  absl::Status (*describe)(const google::protobuf::Message& message, const std::string& path, bool references,
                           IdentityFields& fields);
};

// A scenario that is a Model (actor/recsim/model.h).
template <typename Model>
constexpr Maker MakeModel = {MakeModelScenario<Model>, DescribeModel<Model>};

// Every scenario: the member of EnvironmentConfig that chooses it, and what is made of that message.
constexpr struct {
  v1::EnvironmentConfig::ScenarioCase scenario;
  Maker maker;
} kScenarios[] = {
    {v1::EnvironmentConfig::kDocumentBrowsing, {MakeDocumentBrowsing, DescribeDocumentBrowsing}},
    {v1::EnvironmentConfig::kInterestEvolution, MakeModel<InterestEvolutionModel>},
    {v1::EnvironmentConfig::kInterestExploration, MakeModel<InterestExplorationModel>},
    {v1::EnvironmentConfig::kLongTermSatisfaction, MakeModel<LongTermSatisfactionModel>},
    {v1::EnvironmentConfig::kKnownQ, MakeModel<KnownQModel>},
    {v1::EnvironmentConfig::kChocKale, MakeModel<ChocKaleModel>},
};

absl::Status CheckShareOfOptimum(const v1::ExperimentConfig& config, const Scenario& scenario) {
  const auto refuse = [&config](const auto&... why) {
    return absl::InvalidArgumentError(absl::StrCat("goal.share_of_optimum is ", config.goal().share_of_optimum(),
                                                   ", but the optimum of this environment is ", why...,
                                                   "; want 0 (see goal.share_of_gap)"));
  };
  const std::optional<double> optimum = scenario.OptimalValue();
  if (!optimum.has_value()) return refuse("not known");
  if (!(*optimum > 0)) return refuse(*optimum, ", and shares are of what is more than 0");
  const bool played = scenario.MakeReferencePolicies().back().known == ReferencePolicy::Known::kOptimalValue;
  if (config.evaluator().exact() || played) return absl::OkStatus();
  return refuse("known exactly only, and evaluator.exact is false");
}

// A run with such a goal ends by its limit, which may be what is wanted of a short try.
void WarnOfTooFewEvaluations(const v1::ExperimentConfig& config) {
  const v1::GoalConfig& goal = config.goal();
  if (goal.max_updates() == 0 || (goal.share_of_optimum() == 0 && goal.share_of_gap() == 0)) return;
  const int64_t period = std::max<int64_t>(config.learner().publish_updates(), config.evaluator().every_updates());
  const int64_t most = goal.max_updates() / period + 2;  // With that of the first weights and of the last ones.
  if (goal.evaluations() <= most) return;
  RECBOTS_LOG(WARNING) << "the goal cannot be reached, the run will end by goal.max_updates"
                       << Field("goal.evaluations", goal.evaluations()) << Field("at_most", most)
                       << Field("goal.max_updates", goal.max_updates()) << Field("updates_between", period);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Scenario>> MakeScenario(const v1::EnvironmentConfig& config, uint64_t seed) {
  std::vector<std::string> names;
  for (const auto& [scenario, maker] : kScenarios) {
    const google::protobuf::FieldDescriptor& field = *config.GetDescriptor()->FindFieldByNumber(scenario);
    names.push_back(field.name());
    if (config.scenario_case() != scenario) continue;
    auto made = maker.make(config.GetReflection()->GetMessage(config, &field), seed, config.users_per_session());
    if (made.ok()) return WithHistory(config.history(), *std::move(made));
    // A session's size is a setting of the environment, all others are its scenario's.
    const bool of_session = absl::StartsWith(made.status().message(), "users_per_session");
    return Within(of_session ? "environment" : absl::StrCat("environment.", field.name()), made.status());
  }
  return absl::InvalidArgumentError(
      absl::StrCat("environment: no scenario chosen, want one of: ", absl::StrJoin(names, ", ")));
}

absl::StatusOr<IdentityFields> DescribeEnvironment(const v1::EnvironmentConfig& config, bool references) {
  IdentityFields fields;
  fields["environment.users_per_session"] = absl::StrCat(config.users_per_session());
  DescribeOptions<HistoryOptions>(config.history(), "environment.history", references, fields);
  for (const auto& [scenario, maker] : kScenarios) {
    if (config.scenario_case() != scenario) continue;
    const google::protobuf::FieldDescriptor& field = *config.GetDescriptor()->FindFieldByNumber(scenario);
    const std::string path = absl::StrCat("environment.", field.name());
    fields["environment"] = field.name();
    const absl::Status status =
        maker.describe(config.GetReflection()->GetMessage(config, &field), path, references, fields);
    if (!status.ok()) return Within(path, status);
  }
  return fields;
}

absl::StatusOr<std::unique_ptr<Scenario>> MakeTrainingScenario(const v1::ExperimentConfig& config) {
  RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<Scenario> scenario, MakeScenario(config.environment(), config.seed()));
  RECBOTS_RETURN_IF_ERROR(CheckTraining(config, scenario->spec()));
  return scenario;
}

absl::Status CheckGoal(const v1::ExperimentConfig& config, const Scenario& scenario, const StopQuestion& stop) {
  const v1::GoalConfig& goal = config.goal();
  if (goal.share_of_optimum() > 0 || goal.share_of_gap() > 0) {
    RECBOTS_RETURN_IF_ERROR(scenario.Prepare(Scenario::Known::kValues, stop));
  }
  if (goal.share_of_optimum() > 0) RECBOTS_RETURN_IF_ERROR(CheckShareOfOptimum(config, scenario));
  if (goal.share_of_gap() > 0 && scenario.MakeReferencePolicies().size() < 2) {
    return absl::InvalidArgumentError(absl::StrCat("goal.share_of_gap is ", goal.share_of_gap(), ", but ",
                                                   scenario.spec().name,
                                                   " has no policy to compare with but random play; want 0"));
  }
  WarnOfTooFewEvaluations(config);
  return absl::OkStatus();
}

}  // namespace recbots
