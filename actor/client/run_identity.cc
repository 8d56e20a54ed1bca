#include "actor/client/run_identity.h"

#include <google/protobuf/text_format.h>

#include "absl/strings/str_cat.h"
#include "common/base/version.h"
#include "common/config/config.h"
#include "common/config/config_fields.h"
#include "common/wire/experiment_identity.h"

namespace recbots {
namespace {

std::string DifferenceTo(const v1::RunManifest& manifest, absl::string_view program, const v1::ExperimentConfig& config,
                         const v1::ExperimentIdentity& identity) {
  if (manifest.program() != program) return absl::StrCat("it is a run of '", manifest.program(), "'");
  v1::ExperimentConfig there;
  if (!google::protobuf::TextFormat::ParseFromString(manifest.config(), &there)) {
    return absl::StrCat("its configuration, of version ", manifest.version(), ", means nothing any more");
  }
  const std::string difference = RunDifference(there, config);
  return difference.empty() ? IdentityDifference(manifest.identity(), "there", identity, "here") : difference;
}

}  // namespace

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
                          const v1::ExperimentConfig& config, const v1::ExperimentIdentity& identity) {
  const std::string difference = DifferenceTo(manifest, program, config, identity);
  if (difference.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("--run_dir '", run_dir, "' holds another run, at update ", manifest.updates(), ": ", difference,
                   ". Give another folder, or --fresh to put that run aside and begin anew"));
}

}  // namespace recbots
