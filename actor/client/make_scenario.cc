#include "actor/client/make_scenario.h"

#include <algorithm>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "actor/client/describe_options.h"
#include "actor/client/fill_options.h"
#include "actor/client/scenarios.h"
#include "actor/external/make_launcher.h"
#include "actor/recsim/history_scenario.h"
#include "actor/recsim/model_scenario.h"
#include "common/base/check_range.h"
#include "common/base/log.h"
#include "common/base/machine_memory.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"
#include "common/config/validate.h"

namespace recbots {
namespace {

// A scenario's settings from the configuration, with the content of the files that it names.
template <typename Model>
absl::StatusOr<typename Model::Options> ReadOptions(const google::protobuf::Message& message) {
  typename Model::Options options;
  FillOptions(message, options);
  if constexpr (requires { Model::ReadFiles(options); }) RECBOTS_RETURN_IF_ERROR(Model::ReadFiles(options));
  return options;
}

template <typename Model>
absl::StatusOr<std::unique_ptr<Scenario>> MakeModelScenario(const google::protobuf::Message& message,
                                                            const std::string& path, uint64_t seed,
                                                            int users_per_session) {
  RECBOTS_RETURN_IF_ERROR(CheckWays(message, path));
  const absl::StatusOr<typename Model::Options> options = ReadOptions<Model>(message);
  RECBOTS_RETURN_IF_ERROR(WithPath(path, options.status()));
  auto made = ModelScenario<Model>::Create(*options, seed, users_per_session);
  if (made.ok()) return made;
  // The size of a session is a setting of the environment; all others belong to the scenario.
  const bool of_session = absl::StartsWith(made.status().message(), "users_per_session");
  return WithPath(of_session ? "environment" : path, made.status());
}

// The scenario whose users live in a program of their own.
absl::StatusOr<std::unique_ptr<Scenario>> MakeExternalScenario(const google::protobuf::Message& message,
                                                               const std::string& path, uint64_t seed,
                                                               int users_per_session, const ExternalHooks& hooks) {
  RECBOTS_RETURN_IF_ERROR(CheckWays(message, path));
  ExternalOptions options;
  FillOptions(message, options);
  RECBOTS_RETURN_IF_ERROR(WithPath(path, Validate(options)));
  if (users_per_session != 1) {
    return absl::InvalidArgumentError(absl::StrCat("environment.users_per_session ", users_per_session,
                                                   ", want 1 with environment.external, whose users are alone"));
  }
  absl::StatusOr<std::unique_ptr<ProgramLauncher>> launcher = MakeLauncher(options, hooks);
  RECBOTS_RETURN_IF_ERROR(WithPath(path, launcher.status()));
  return std::make_unique<ExternalScenario>(options, seed, *std::move(launcher), hooks);
}

template <typename Options>
void DescribeOptions(const google::protobuf::Descriptor& message, const Options& options, const std::string& path,
                     bool references, IdentityFields& fields) {
  OptionsDescriber describer(message, path, references, &fields);
  options.ForEachField(describer);
}

// Adds the history that the configuration asks for, if any.
absl::StatusOr<std::unique_ptr<Scenario>> WithHistory(const v1::HistoryConfig& config,
                                                      std::unique_ptr<Scenario> scenario) {
  HistoryOptions options;
  FillOptions(config, options);
  if (!options.any()) return scenario;
  auto with_history = HistoryScenario::Create(std::move(scenario), options);
  RECBOTS_RETURN_IF_ERROR(WithPath("environment.history", with_history.status()));
  return with_history;
}

// Calls use(registered scenario, its message, its path) for the scenario that the configuration chooses, if there is
// one.
template <typename Use>
void UseChosen(const v1::EnvironmentConfig& config, const Use& use) {
  ForEachScenario([&](const auto& scenario) {
    const google::protobuf::FieldDescriptor* field = config.GetDescriptor()->FindFieldByName(scenario.name);
    RECBOTS_CHECK(field != nullptr) << config.GetTypeName() << " has no field " << scenario.name;
    if (!config.GetReflection()->HasField(config, field)) return;
    use(scenario, config.GetReflection()->GetMessage(config, field), absl::StrCat("environment.", scenario.name));
  });
}

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

// Warns only, because a run with such a goal ends by its limit, which may be intended in a short try.
void WarnOfTooFewEvaluations(const v1::ExperimentConfig& config) {
  const v1::GoalConfig& goal = config.goal();
  if (goal.max_updates() == 0 || (goal.share_of_optimum() == 0 && goal.share_of_gap() == 0)) return;
  const int64_t period = std::max<int64_t>(config.learner().publish_updates(), config.evaluator().every_updates());
  const int64_t most = goal.max_updates() / period + 2;  // Includes the first and the last weights.
  if (goal.evaluations() <= most) return;
  RECBOTS_LOG(WARNING) << "the goal cannot be reached, the run will end by goal.max_updates"
                       << Field("goal.evaluations", goal.evaluations()) << Field("at_most", most)
                       << Field("goal.max_updates", goal.max_updates()) << Field("updates_between", period);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Scenario>> MakeScenario(const v1::EnvironmentConfig& config, uint64_t seed,
                                                       const ExternalHooks& hooks) {
  std::vector<std::string> names;
  ForEachScenario([&names](const auto& scenario) { names.push_back(scenario.name); });
  absl::StatusOr<std::unique_ptr<Scenario>> made = absl::InvalidArgumentError(
      absl::StrCat("environment: no scenario chosen, want one of: ", absl::StrJoin(names, ", ")));
  UseChosen(config, [&]<typename Model>(const RegisteredScenario<Model>&, const google::protobuf::Message& message,
                                        const std::string& path) {
    if constexpr (std::is_same_v<Model, ExternalModel>) {
      made = MakeExternalScenario(message, path, seed, config.users_per_session(), hooks);
    } else {
      made = MakeModelScenario<Model>(message, path, seed, config.users_per_session());
    }
  });
  RECBOTS_RETURN_IF_ERROR(made.status());
  return WithHistory(config.history(), *std::move(made));
}

absl::StatusOr<IdentityFields> DescribeEnvironment(const v1::EnvironmentConfig& config, bool references) {
  IdentityFields fields;
  fields["environment.users_per_session"] = absl::StrCat(config.users_per_session());
  HistoryOptions history;
  FillOptions(config.history(), history);
  DescribeOptions(*config.history().GetDescriptor(), history, "environment.history", references, fields);
  absl::Status status;
  UseChosen(config, [&]<typename Model>(const RegisteredScenario<Model>& scenario,
                                        const google::protobuf::Message& message, const std::string& path) {
    fields["environment"] = scenario.name;
    const absl::StatusOr<typename Model::Options> options = ReadOptions<Model>(message);
    status = WithPath(path, options.status());
    if (!status.ok()) return;
    if constexpr (std::is_same_v<Model, ExternalModel>) {
      // The spec is what rows depend on. How the program is started, and how long others wait for it, is not.
      DescribeOptions(*v1::ExternalSpec::descriptor(), options->spec, path + ".spec", references, fields);
    } else {
      DescribeOptions(*message.GetDescriptor(), *options, path, references, fields);
    }
  });
  RECBOTS_RETURN_IF_ERROR(status);
  return fields;
}

absl::StatusOr<std::unique_ptr<Scenario>> MakeTrainingScenario(const v1::ExperimentConfig& config,
                                                               const ExternalHooks& hooks) {
  RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<Scenario> scenario,
                           MakeScenario(config.environment(), config.seed(), hooks));
  RECBOTS_RETURN_IF_ERROR(CheckTraining(config, scenario->spec()));
  return scenario;
}

absl::StatusOr<std::unique_ptr<Scenario>> MakeTrainingScenario(const v1::ExperimentConfig& config,
                                                               MemorySharers processes, const ExternalHooks& hooks) {
  RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<Scenario> scenario, MakeTrainingScenario(config, hooks));
  processes.evaluators_play = !config.evaluator().exact() || scenario->AllObservations().empty();
  RECBOTS_RETURN_IF_ERROR(CheckMemory(MemoryNeedsOf(config, scenario->spec(), processes), MachineMemoryBytes()));
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
