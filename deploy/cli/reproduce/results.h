// What came of the experiments: the input of the page.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "deploy/cli/reproduce/experiment.h"
#include "deploy/cli/reproduce/learning_curve.h"

namespace recbots {

// A policy played on users that no training has met.
struct PlayedPolicy {
  double reward = 0;  // Mean of an episode.
  double reward_standard_error = 0;
  // Where the scenario counts them: quality of what was clicked, clicks per impression in per cent.
  std::optional<double> quality;
  std::optional<double> click_percent;
};

struct SeedResult {
  uint64_t seed = 0;
  PlayedPolicy played;
  double train_seconds = 0;  // Of the run; 0 where nothing was trained.
  // Of the whole command, start and end included; unknown for a run of an earlier time.
  std::optional<double> command_seconds;
  std::map<std::string, double> losses;  // The last ones of the run.
  Curve curve;
};

struct ReferenceResult {
  std::string name;
  PlayedPolicy played;  // The mean over the users of all seeds.
};

struct ExperimentResult {
  Experiment experiment;
  int64_t env_steps = 0;                    // Of training.
  std::vector<SeedResult> seeds;            // Those that ended well.
  std::vector<std::string> failures;        // "seed 2: ended with code 1", one a run.
  std::vector<ReferenceResult> references;  // "random" first, the best known last.

  // nullptr: none of that name.
  const ReferenceResult* Find(const std::string& name) const {
    for (const ReferenceResult& reference : references) {
      if (reference.name == name) return &reference;
    }
    return nullptr;
  }
};

struct Reproduction {
  std::string date;     // "2026-11-27"
  std::string command;  // What was typed.
  int num_seeds = 0;
  int64_t episodes = 0;  // Users a policy is played on, per seed.
  double scale = 1;
  double wall_seconds = 0;
  int num_reused = 0;  // Runs taken from an earlier time.
  int jobs = 1;
  int num_processors = 1;  // Of the machine.
  std::string processor;   // What kind: times are of it.
  std::vector<ExperimentResult> results;
};

}  // namespace recbots
