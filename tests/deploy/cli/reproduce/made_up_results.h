// A reproduction that nobody ran.
#pragma once

#include <string>
#include <vector>

#include "deploy/cli/reproduce/results.h"

namespace recbots::testing {

inline ExperimentResult MakeResult(const std::string& name, const std::vector<double>& rewards) {
  ExperimentResult result;
  for (const Experiment& experiment : SlateQExperiments()) {
    if (experiment.name == name) result.experiment = experiment;
  }
  result.env_steps = 300000;
  for (size_t i = 0; i < rewards.size(); ++i) {
    SeedResult seed;
    seed.seed = i + 1;
    seed.played = {rewards[i], 0.25, -0.5, 60.0 + static_cast<double>(i)};
    seed.train_seconds = 100;
    seed.curve = {{0, 160}, {300000, rewards[i]}};
    result.seeds.push_back(seed);
  }
  result.references = {{"random", {160, 0, -0.6, 15.5}},
                       {"myopic", {168, 0, -0.55, 18}},
                       {"best_constant", {200, 0, 0, 20}},
                       {"optimal", {280, 0, 1.6, 29.25}}};
  return result;
}

// One row or two of every table.
inline Reproduction MakeReproduction() {
  Reproduction reproduction;
  reproduction.date = "2026-11-27";
  reproduction.command = "recbots reproduce slateq";
  reproduction.num_seeds = 3;
  reproduction.episodes = 5000;
  reproduction.wall_seconds = 7390;
  reproduction.num_reused = 4;
  reproduction.jobs = 2;
  reproduction.num_processors = 2;
  reproduction.processor = "Some processor, family 1, model 2";
  std::vector<ExperimentResult>& results = reproduction.results;
  results.push_back(MakeResult("paper/random", {160.25, 160.5, 160.75}));
  results.push_back(MakeResult("paper/myop-ts", {167, 168, 169}));
  results.push_back(MakeResult("paper/sarsa-ts", {169.5, 170, 170.5}));
  results.push_back(MakeResult("paper/ql-ot-os", {179, 180, 181}));
  results.push_back(MakeResult("paper/fsq", {164, 165, 166}));
  results.push_back(MakeResult("ours/300k", {251, 252, 253}));
  results.push_back(MakeResult("ours/learned-clicks", {240, 249}));
  results.back().seeds[0].losses = {{"click_log_likelihood", -1.23456}, {"click_log_likelihood_given", -1.2}};
  results.back().failures = {"seed 3: ended with code 1: `out of luck`"};
  results.push_back(MakeResult("proposal/5-percent", {200}));
  results.push_back(MakeResult("proposal/10-percent", {230}));
  results.push_back(MakeResult("proposal/20-percent", {244}));
  results.push_back(MakeResult("proposal/100-percent", {250}));
  results.push_back(MakeResult("long-term-satisfaction", {264, 268, 272}));
  results.push_back(MakeResult("interest-exploration", {50, 51}));
  results.push_back(MakeResult("libraries/reagent", {180}));
  results.push_back(MakeResult("libraries/rllib-m50", {180, 180, 180}));
  results.push_back(MakeResult("cluster/300k", {250}));
  results.back().seeds[0].command_seconds = 103.5;
  return reproduction;
}

}  // namespace recbots::testing
