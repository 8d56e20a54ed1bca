#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "deploy/cli/reproduce/experiment.h"

namespace recbots {
namespace {

constexpr double kPaperTolerance = 0.015;

// A row of the paper's table: how the policy composes slates when it serves and when it learns, and its results.
struct PaperRow {
  const char* id;
  const char* title;
  const char* serving;
  const char* target;
  bool myopic;  // Learns with discount 0, so that the target does not matter.
  Rank rank;
  double reward;
  double quality;
  bool plotted;
};

constexpr PaperRow kPaperRows[] = {
    {"E2", "MYOP-TS", "TOP_K", "TARGET_TOP_K", true, Rank::kMyopic, 166.3, -0.5428, false},
    {"E2", "MYOP-GS", "GREEDY", "TARGET_TOP_K", true, Rank::kMyopic, 166.3, -0.5475, false},
    {"E3", "SARSA-TS", "TOP_K", "SARSA", false, Rank::kTopK, 168.4, -0.4908, true},
    {"E4", "SARSA-GS", "GREEDY", "SARSA", false, Rank::kBetterSlates, 172.1, -0.3876, false},
    {"E5", "QL-TT-TS", "TOP_K", "TARGET_TOP_K", false, Rank::kTopK, 168.4, -0.4931, false},
    {"E6", "QL-GT-GS", "GREEDY", "TARGET_GREEDY", false, Rank::kBetterSlates, 172.9, -0.3772, false},
    {"E7", "QL-OT-TS", "TOP_K", "TARGET_OPTIMAL", false, Rank::kTopK, 169.0, -0.4905, false},
    {"E8", "QL-OT-GS", "GREEDY", "TARGET_OPTIMAL", false, Rank::kBetterSlates, 173.8, -0.3408, false},
    {"E9", "QL-OT-OS", "OPTIMAL", "TARGET_OPTIMAL", false, Rank::kBetterSlates, 174.6, -0.3056, true},
};

// An experiment with the fields that all experiments set.
Experiment Make(Section section, const std::string& name, const std::string& title, const std::string& config) {
  Experiment experiment;
  experiment.section = section;
  experiment.name = name;
  experiment.title = title;
  experiment.config = config;
  return experiment;
}

void AddPaper(std::vector<Experiment>& experiments) {
  Experiment random = Make(Section::kPaper, "paper/random", "Random", "interest_evolution_paper");
  random.id = "E1";
  random.reference = "random";
  random.published = {159.2, 160.6};  // From the paper's table, and from its runs of FSQ.
  random.published_quality = -0.5929;
  random.tolerance = 0.005;
  experiments.push_back(random);
  for (const PaperRow& row : kPaperRows) {
    Experiment experiment = Make(Section::kPaper, absl::StrCat("paper/", absl::AsciiStrToLower(row.title)), row.title,
                                 "interest_evolution_paper");
    experiment.id = row.id;
    experiment.overrides = {absl::StrCat("algorithm.slate_q.serving=", row.serving),
                            absl::StrCat("algorithm.slate_q.target=", row.target)};
    if (row.myopic) experiment.overrides.push_back("algorithm.slate_q.q.discount=0");
    experiment.published = {row.reward};
    experiment.published_quality = row.quality;
    experiment.tolerance = kPaperTolerance;
    experiment.rank = row.rank;
    experiment.plotted = row.plotted;
    experiments.push_back(experiment);
  }
  Experiment fsq = Make(Section::kPaper, "paper/fsq", "FSQ", "interest_evolution_fsq");
  fsq.id = "E10";
  fsq.published = {164.2};
  fsq.published_quality = -0.5072;
  fsq.plotted = true;
  experiments.push_back(fsq);
}

void AddOurs(std::vector<Experiment>& experiments) {
  Experiment ours = Make(Section::kOurs, "ours/300k", "no click has a value", "interest_evolution");
  ours.bar = 250;
  ours.plotted = true;
  experiments.push_back(ours);
  Experiment longer = Make(Section::kOurs, "ours/3m", "the same, ten times as long, a quarter of the updates per step",
                           "interest_evolution");
  // A quarter of the updates per step is enough, because there are ten times as many steps.
  longer.overrides = {"goal.max_env_steps=3000000", "replay.table.rate_limiter.samples_per_insert=2"};
  longer.bar = 266;
  experiments.push_back(longer);
  Experiment blind = Make(Section::kOurs, "ours/no-history", "the same without history", "interest_evolution");
  blind.overrides = {"environment.history.length=0", "environment.history.trace_decay=", "environment.history.clock=0"};
  experiments.push_back(blind);
  experiments.push_back(
      Make(Section::kOurs, "ours/learned-clicks", "clicks learnt from the data", "interest_evolution_learned_clicks"));
  Experiment m50 = Make(Section::kOurs, "ours/m50", "slates of 2 of 50", "interest_evolution_m50");
  m50.bar = 480;
  experiments.push_back(m50);
  for (const int percent : {5, 10, 20, 100}) {
    Experiment proposal = Make(Section::kProposal, absl::StrCat("proposal/", percent, "-percent"),
                               absl::StrCat(percent, " %"), "interest_evolution_proposal");
    proposal.candidate_share = percent / 100.0;
    experiments.push_back(proposal);
  }
  Experiment satisfaction =
      Make(Section::kLongTerm, "long-term-satisfaction", "long-term satisfaction, hard", "long_term_satisfaction_hard");
  satisfaction.bar = 0.8;
  satisfaction.min_episodes = 100000;
  experiments.push_back(satisfaction);
  Experiment exploration =
      Make(Section::kExploration, "interest-exploration", "interest exploration X1", "interest_exploration_x1");
  exploration.bar = 24.3;
  experiments.push_back(exploration);
}

// The rewards that the tests of other libraries want, each in the library's setting and with its number of steps.
void AddLibraries(std::vector<Experiment>& experiments) {
  const auto add = [&](const std::string& name, const std::string& title, const std::string& config, int64_t env_steps,
                       double bar, std::vector<std::string> overrides) {
    Experiment experiment = Make(Section::kLibraries, "libraries/" + name, title, config);
    experiment.overrides = std::move(overrides);
    experiment.overrides.push_back(absl::StrCat("goal.max_env_steps=", env_steps));
    experiment.bar = bar;
    experiments.push_back(experiment);
  };
  const std::string candidates = "environment.interest_evolution.num_candidates=";
  const std::string slate_size = "environment.interest_evolution.slate_size=";
  // The bar is low, so fewer updates per step are enough.
  const std::string few_updates = "replay.table.rate_limiter.samples_per_insert=2";
  add("reagent", "ReAgent, slate_q_recsim_online: m = 10, k = 3", "interest_evolution", 23000, 154, {});
  add("rllib-m10", "RLlib, interest-evolution-10-candidates: m = 10, k = 2", "interest_evolution", 120000, 160,
      {slate_size + "2"});
  add("rllib-m50", "RLlib, interest-evolution-50-candidates: m = 50, k = 2", "interest_evolution_m50", 300000, 162, {});
  add("rllib-m50-1m", "RLlib, interest-evolution-recsim-env: m = 50, k = 2", "interest_evolution_m50", 1000000, 170,
      {few_updates});
  add("rllib-linucb", "RLlib, LinUCB: m = 100, k = 2", "interest_evolution_m50", 50000, 180, {candidates + "100"});
}

}  // namespace

std::vector<Experiment> SlateQExperiments() {
  std::vector<Experiment> experiments;
  AddPaper(experiments);
  AddOurs(experiments);
  AddLibraries(experiments);
  Experiment cluster = Make(Section::kCluster, "cluster/300k", "all roles as processes", "interest_evolution");
  cluster.cluster = true;
  cluster.bar = 120;
  experiments.push_back(cluster);
  return experiments;
}

std::vector<Experiment> SelectExperiments(const std::vector<Experiment>& experiments, const std::string& pattern) {
  if (pattern.empty()) return experiments;
  std::vector<Experiment> selected;
  for (const Experiment& experiment : experiments) {
    bool wanted = false;
    for (absl::string_view part : absl::StrSplit(pattern, ',', absl::SkipWhitespace())) {
      part = absl::StripAsciiWhitespace(part);
      wanted = wanted || absl::StrContains(experiment.name, part) || experiment.id == part;
    }
    if (wanted) selected.push_back(experiment);
  }
  return selected;
}

}  // namespace recbots
