// The results of the experiments, from which the page is written.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "deploy/cli/figures/learning_curve.h"
#include "deploy/cli/reproduce/experiment.h"

namespace recbots {

// The result of a policy on users that no training has met.
struct PlayedPolicy {
  double reward = 0;  // The mean return of an episode.
  double reward_standard_error = 0;
  // If the scenario counts them: the mean quality of clicked items, and clicks per impression in per cent.
  std::optional<double> quality;
  std::optional<double> click_percent;
};

struct SeedResult {
  uint64_t seed = 0;
  PlayedPolicy played;
  double train_seconds = 0;  // The time in training; 0 if nothing was trained.
  // The time of the whole command, with its start and end; may be unknown for a run that was trained before.
  std::optional<double> command_seconds;
  std::map<std::string, double> losses;  // The last losses of the run.
  Curve curve;
};

struct ReferenceResult {
  std::string name;
  PlayedPolicy played;  // The mean over all seeds.
};

struct ExperimentResult {
  Experiment experiment;
  int64_t env_steps = 0;                    // In training.
  std::vector<SeedResult> seeds;            // The runs that succeeded.
  std::vector<std::string> failures;        // "seed 2: ended with code 1", one per failed run.
  std::vector<ReferenceResult> references;  // "random" first, the best known last.

  // nullptr: there is none with this name.
  const ReferenceResult* Find(const std::string& name) const {
    for (const ReferenceResult& reference : references) {
      if (reference.name == name) return &reference;
    }
    return nullptr;
  }
};

struct Reproduction {
  std::string date;     // "2026-11-27"
  std::string command;  // As it was typed.
  int num_seeds = 0;
  int64_t episodes = 0;  // How many users a policy plays, per seed.
  double scale = 1;
  double wall_seconds = 0;
  int num_reused = 0;  // Runs that were trained before.
  int jobs = 1;
  int num_processors = 1;  // Of the machine.
  std::string processor;   // Its name; times depend on it.
  std::vector<ExperimentResult> results;
};

}  // namespace recbots
