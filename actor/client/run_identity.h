// Whether a run that was kept is the one that a process has been told to go on with.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "recbots/v1/config.pb.h"
#include "recbots/v1/identity.pb.h"
#include "recbots/v1/run_checkpoint.pb.h"

namespace recbots {

// The program of runs whose roles are processes of their own, and the program of runs in one process.
inline constexpr char kLearnerProgram[] = "recbots-learner";
inline constexpr char kTrainProgram[] = "recbots train";

// A manifest of this build, program and configuration, without what changes from one checkpoint to the next.
v1::RunManifest MakeRunManifest(absl::string_view program, const v1::ExperimentConfig& config,
                                const v1::ExperimentIdentity& identity);

// In what the run of the manifest differs from this configuration and meaning of rows, apart from the settings that may
// change (option may_change in config.proto): "" if in nothing; otherwise names the settings, those of the manifest
// first.
std::string DifferenceTo(const v1::RunManifest& manifest, const v1::ExperimentConfig& config,
                         const v1::ExperimentIdentity& identity);

// Checks that the run of the manifest, in `run_dir`, was begun by `program` with this configuration, apart from the
// settings that may change (option may_change in config.proto), and with rows of this meaning.
//   FAILED_PRECONDITION  it was not; the message names the settings that differ, and the ways out. With `allow_other`,
//                        other settings are a warning, and the result is OK
absl::Status CheckSameRun(const std::string& run_dir, const v1::RunManifest& manifest, absl::string_view program,
                          const v1::ExperimentConfig& config, const v1::ExperimentIdentity& identity,
                          bool allow_other = false);

}  // namespace recbots
