// Settings of environments in a program of their own. Names, ranges and defaults are those of ExternalConfig and
// ExternalSpec (config.proto).
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/base/settings.h"
#include "common/rl/spec.h"

namespace recbots {

struct ExternalSpecOptions {
  RECBOTS_SETTINGS;
  RECBOTS_SETTING(std::string, name, AnyValue(), "external");
  RECBOTS_SETTING(int, user_features, Between(0, 65536), 0);            // U
  RECBOTS_SETTING(int, candidate_features, Between(0, 65536), 0);       // D
  RECBOTS_SETTING(int, num_candidates, Between(1, 4096), 10);           // N
  RECBOTS_SETTING(int, slate_size, Between(1, 64), 1);                  // K
  RECBOTS_SETTING(std::vector<std::string>, response, AnyValue(), {});  // R names
  RECBOTS_SETTING(int, num_clusters, Between(0, 4096), 0);              // C
  RECBOTS_SETTING(double, min_reward, AnyValue(), 0);                   // Of one step.
  RECBOTS_SETTING(double, max_reward, AnyValue(), 1);
  RECBOTS_SETTING(int, max_episode_steps, Between(0, 1000000), 0);  // 0: the program alone ends episodes.
};

struct ExternalOptions {
  RECBOTS_SETTINGS;
  RECBOTS_SETTING(std::string, command, AnyValue(), "");
  RECBOTS_SETTING(std::string, address, AnyValue(), "");
  RECBOTS_SETTING(ExternalSpecOptions, spec, AnyValue(), {});
  RECBOTS_SETTING(double, step_timeout_seconds, Between(0.01, 3600), 10);
  RECBOTS_SETTING(double, start_timeout_seconds, Between(0.1, 3600), 60);
  RECBOTS_SETTING(int, max_restarts, Between(0, 1000000), 10);
  RECBOTS_SETTING(double, restart_window_seconds, Between(1, 1000000), 600);
  RECBOTS_SETTING(bool, shared_memory, AnyValue(), true);
};

// INVALID_ARGUMENT: a field is out of bounds, or fields do not fit together; the message begins with its name ("spec.N"
// for a field of the spec) and has value and bound.
absl::Status Validate(const ExternalSpecOptions& options);
absl::Status Validate(const ExternalOptions& options);

// What policies and learners see. `options` are valid.
EnvironmentSpec SpecOf(const ExternalSpecOptions& options);

// In which fields two specs differ: "slate_size 3, want 2; ..."; "": in none.
std::string SpecDifference(const ExternalSpecOptions& has, const ExternalSpecOptions& want);

}  // namespace recbots
