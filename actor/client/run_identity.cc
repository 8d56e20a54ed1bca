#include "actor/client/run_identity.h"

#include <google/protobuf/text_format.h>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/version.h"
#include "common/config/config.h"
#include "common/config/config_fields.h"
#include "common/wire/experiment_identity.h"

namespace recbots {

std::string DifferenceTo(const v1::RunManifest& manifest, const v1::ExperimentConfig& config,
                         const v1::ExperimentIdentity& identity) {
  v1::ExperimentConfig there;
  if (!google::protobuf::TextFormat::ParseFromString(manifest.config(), &there)) {
    return absl::StrCat("its configuration, of version ", manifest.version(), ", means nothing any more");
  }
  const std::string difference = RunDifference(there, config);
  return difference.empty() ? IdentityDifference(manifest.identity(), "there", identity, "here") : difference;
}

v1::RunManifest MakeRunManifest(absl::string_view program, const v1::ExperimentConfig& config,
                                const v1::ExperimentIdentity& identity) {
  v1::RunManifest manifest;
  manifest.set_program(std::string(program));
  manifest.set_version(kVersion);
  *manifest.mutable_identity() = identity;
  manifest.set_config(PrintExperimentConfig(config));
  return manifest;
}

absl::Status CheckSameRun(const std::string& run_dir, const v1::RunManifest& manifest, absl::string_view program,
                          const v1::ExperimentConfig& config, const v1::ExperimentIdentity& identity,
                          bool allow_other) {
  const std::string what =
      absl::StrCat("--run_dir '", run_dir, "' holds another run, at update ", manifest.updates(), ": ");
  constexpr absl::string_view kWaysOut = ". Give another folder, or --fresh to put that run aside and begin a new one";
  if (manifest.program() != program) {
    return absl::FailedPreconditionError(absl::StrCat(what, "it is a run of '", manifest.program(), "'", kWaysOut));
  }
  const std::string difference = DifferenceTo(manifest, config, identity);
  if (difference.empty()) return absl::OkStatus();
  if (allow_other) {
    RECBOTS_LOG(WARNING) << what << difference;
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat(what, difference, kWaysOut,
                   program == kLearnerProgram ? ", or --allow_other_experiment to go on with other settings" : ""));
}

}  // namespace recbots
