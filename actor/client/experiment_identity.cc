#include "actor/client/experiment_identity.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "actor/client/describe_options.h"
#include "actor/client/make_scenario.h"
#include "actor/recsim/catalogue_of.h"
#include "common/algorithms/transition_options.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"
#include "common/config/config_fields.h"
#include "common/rl/transition.h"
#include "common/role/run_directory.h"
#include "common/wire/experiment_identity.h"

namespace recbots {
namespace {

absl::StatusOr<IdentityFields> FieldsOf(const v1::ExperimentConfig& config, const Scenario& scenario, bool references) {
  RECBOTS_ASSIGN_OR_RETURN(IdentityFields fields, DescribeEnvironment(config.environment(), references));
  // In every environment the seed decides which users come, but this alone does not make another environment.
  if (scenario.depends_on_seed()) fields["seed"] = absl::StrCat(config.seed());
  const TransitionOptions options = TransitionOptionsOf(config.algorithm());
  fields["transition.discount"] = NumberText(options.discount);
  fields["transition.n_step"] = absl::StrCat(options.n_step);
  if (const std::shared_ptr<const Catalogue> catalogue = CatalogueOf(scenario); catalogue != nullptr) {
    fields["catalogue"] = catalogue->version();
  }
  RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, TransitionSchema(scenario.spec(), options));
  for (const Column& column : schema.columns()) {
    fields[absl::StrCat("transition.columns.", column.name)] =
        absl::StrCat(NameOf(column.dtype), " [", absl::StrJoin(column.shape, ", "), "]");
  }
  return fields;
}

}  // namespace

absl::StatusOr<v1::ExperimentIdentity> ExperimentIdentityOf(const v1::ExperimentConfig& config,
                                                            const Scenario& scenario) {
  RECBOTS_ASSIGN_OR_RETURN(const IdentityFields fields, FieldsOf(config, scenario, /*references=*/false));
  return MakeIdentity(fields);
}

absl::StatusOr<v1::ExperimentIdentity> ExperimentIdentityOf(const v1::ExperimentConfig& config) {
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<Scenario> scenario, MakeScenario(config.environment(), config.seed()));
  return ExperimentIdentityOf(config, *scenario);
}

absl::StatusOr<v1::ExperimentIdentity> SharedConfigurationOf(const v1::ExperimentConfig& config,
                                                             const Scenario& scenario) {
  RECBOTS_ASSIGN_OR_RETURN(IdentityFields fields, FieldsOf(config, scenario, /*references=*/true));
  fields["seed"] = absl::StrCat(config.seed());
  DescribeFields(config.algorithm(), "algorithm", fields);
  return MakeIdentity(fields);
}

absl::Status CheckRunDirectory(const std::string& run_dir, const v1::ExperimentIdentity& identity, bool allow_other) {
  const std::string path = absl::StrCat(run_dir, "/", kConfigFile);
  std::error_code error;
  if (run_dir.empty() || !std::filesystem::exists(path, error)) return absl::OkStatus();
  const absl::StatusOr<v1::ExperimentConfig> config = LoadExperimentConfig(path, {});
  const absl::StatusOr<v1::ExperimentIdentity> there = config.ok() ? ExperimentIdentityOf(*config) : config.status();
  std::string difference;
  if (there.ok()) {
    difference = IdentityDifference(*there, "there", identity, "here");
    if (difference.empty()) return absl::OkStatus();
  } else {
    difference = absl::StrCat("its configuration means nothing any more: ", there.status().message());
  }
  const std::string what = absl::StrCat("--run_dir '", run_dir, "' holds a run of another experiment: ", difference);
  if (allow_other) {
    RECBOTS_LOG(WARNING) << what;
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat(what, ". Give another folder, or --allow_other_experiment to take this one"));
}

}  // namespace recbots
