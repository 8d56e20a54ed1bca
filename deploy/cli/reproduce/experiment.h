// The experiments that `recbots reproduce slateq` runs: a table whose rows have a configuration, changes to it, and the
// figures that the results are compared with.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace recbots {

// The table of the page in which an experiment is a row.
enum class Section { kPaper, kOurs, kProposal, kLongTerm, kExploration, kLibraries, kCluster };

// The group of a policy in the paper's order: MYOP < TS variants < GS and OS variants.
enum class Rank { kNone, kMyopic, kTopK, kBetterSlates };

// A row. It either trains `config` with several seeds, or plays the reference policy `reference` of its scenario.
struct Experiment {
  std::string name;  // "paper/ql-ot-os": for --only, and the name of the run directory. Unique.
  Section section = Section::kOurs;
  std::string id;                      // "E9" of the published results; may be empty.
  std::string title;                   // "QL-OT-OS"
  std::string config;                  // "interest_evolution_paper": a file of deploy/config without its ending.
  std::vector<std::string> overrides;  // "path.to.field=value"
  std::string reference;               // Empty: the row trains.
  // The share of the candidates that the proposal retrieves; 0: as configured.
  double candidate_share = 0;
  bool cluster = false;  // True: `recbots cluster`, one seed, while nothing else runs; false: `recbots train`.

  // Published rewards, of which the nearest counts, and the published quality; empty: none.
  std::vector<double> published;
  std::optional<double> published_quality;
  double tolerance = 0;  // As a share of the published reward; 0: none, the difference is only shown.
  Rank rank = Rank::kNone;
  // What every seed has to reach: a reward (in kLibraries the one that another library's test wants); in kLongTerm a
  // share of the gap, in kExploration clicks in per cent; in kCluster the seconds that it may take.
  std::optional<double> bar;
  bool plotted = false;  // Whether its curve is in the plot.
  // The least number of users to play, if returns are too noisy for the usual number.
  int64_t min_episodes = 0;
};

// The table, in the order in which it is shown. The published figures are from Ie et al. 2019 (arXiv:1905.12767,
// section 7) and from the sources of the libraries named.
std::vector<Experiment> SlateQExperiments();

// The experiments whose name or id contains one of the comma-separated parts of `pattern`; all if it is empty.
std::vector<Experiment> SelectExperiments(const std::vector<Experiment>& experiments, const std::string& pattern);

}  // namespace recbots
