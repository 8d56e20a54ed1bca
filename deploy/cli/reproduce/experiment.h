// What `recbots reproduce slateq` runs: a table of experiments, each a configuration, changes to it, and the figure it
// is measured against.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace recbots {

// The table of the results that an experiment is a row of.
enum class Section { kPaper, kOurs, kProposal, kLongTerm, kExploration, kLibraries, kCluster };

// Where the paper's order puts a policy: MYOP < TS variants < GS and OS variants.
enum class Rank { kNone, kMyopic, kTopK, kBetterSlates };

// A row. Either it trains `config` with several seeds, or it plays the reference policy `reference` of its scenario.
struct Experiment {
  std::string name;  // "paper/ql-ot-os": what --only looks at, and the run directory. Unique.
  Section section = Section::kOurs;
  std::string id;                      // "E9" of the published results; may be empty.
  std::string title;                   // "QL-OT-OS"
  std::string config;                  // "interest_evolution_paper": a file of deploy/config without its ending.
  std::vector<std::string> overrides;  // "path.to.field=value"
  std::string reference;               // Empty: trains.
  // Share of the candidates that the proposal retrieves; 0: as configured.
  double candidate_share = 0;
  bool cluster = false;  // `recbots cluster`, one seed, while nothing else runs; `recbots train` otherwise.

  // Published rewards, the nearest of which counts, and quality; empty: none.
  std::vector<double> published;
  std::optional<double> published_quality;
  double tolerance = 0;  // Share of the published reward; 0: nothing is asked for.
  Rank rank = Rank::kNone;
  // What every seed has to reach: a reward; in kLongTerm a share of the gap, in kExploration clicks in per cent, in
  // kLibraries what another library asks of itself, in kCluster seconds at most.
  std::optional<double> bar;
  bool plotted = false;  // Its curve is in the plot.
  // Users to be played at least, where returns are so noisy that the usual number shows nothing.
  int64_t min_episodes = 0;
};

// The table, in the order in which it is shown. What is published is from Ie et al. 2019 (arXiv:1905.12767, section 7)
// and from the sources of the libraries named.
std::vector<Experiment> SlateQExperiments();

// Those whose name or id one of the comma-separated parts of `pattern` is part of; all for an empty one.
std::vector<Experiment> SelectExperiments(const std::vector<Experiment>& experiments, const std::string& pattern);

}  // namespace recbots
