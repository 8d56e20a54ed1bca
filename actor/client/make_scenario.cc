#include "actor/client/make_scenario.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "actor/recsim/acceptance_matrix.h"
#include "actor/recsim/document_browsing_scenario.h"
#include "common/base/status_macros.h"

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

absl::StatusOr<std::unique_ptr<Scenario>> MakeDocumentBrowsing(const v1::DocumentBrowsingConfig& config,
                                                               uint64_t seed) {
  DocumentBrowsingOptions options;
  options.num_documents = config.num_documents();
  options.exit_probability_accepted = config.exit_probability_accepted();
  options.exit_probability_refused = config.exit_probability_refused();
  options.max_episode_steps = config.max_episode_steps();
  // Scalars first: the size of the matrix, and of what is generated, depends on them.
  RECBOTS_RETURN_IF_ERROR(ValidateScalars(options));
  RECBOTS_ASSIGN_OR_RETURN(options.acceptance, MakeAcceptance(config));
  RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<Scenario> scenario, DocumentBrowsingScenario::Create(options, seed));
  return scenario;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Scenario>> MakeScenario(const v1::EnvironmentConfig& config, uint64_t seed) {
  switch (config.scenario_case()) {
    case v1::EnvironmentConfig::kDocumentBrowsing: {
      auto scenario = MakeDocumentBrowsing(config.document_browsing(), seed);
      if (!scenario.ok()) return Within("environment.document_browsing", scenario.status());
      return scenario;
    }
    case v1::EnvironmentConfig::SCENARIO_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("environment: no scenario chosen, want one of: document_browsing");
}

}  // namespace recbots
