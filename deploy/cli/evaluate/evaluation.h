// What `recbots evaluate` finds out. docs/evaluate.md says what each figure means.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/ope/diagnostics.h"
#include "common/ope/estimate.h"

namespace recbots {

// Whether an estimate may be believed.
enum class Trust {
  kBelieved,
  kWithCare,  // If an assumption holds that the log cannot show, or because little of the log speaks for it.
  kNot,
};

// What an estimator says.
struct EstimatorResult {
  std::string name;     // "snips"
  std::string of;       // "slate" or "session": whose mean reward is estimated
  std::string setting;  // "L = 20, chosen by SLOPE"; empty: there is none
  Estimate estimate;
  Interval interval;   // By Student's t and the linearised standard error.
  Interval bootstrap;  // NaN: not asked for, or too large
  double lower_bound =
      0;  // One-sided; by the empirical Bernstein inequality where the estimator clips, else Student's.
  Trust trust = Trust::kNot;
  std::string reason;  // Why not, or with care.
};

// The weights of one kind: of whole slates, of items at their positions, of prefixes, of sessions.
struct WeightReport {
  std::string of;
  WeightDiagnostics diagnostics;
};

enum class VerdictKind { kTells, kWithCare, kCannotTell };

// The true value, of a policy that was played.
struct TrueValue {
  std::string of;  // As in EstimatorResult.
  double value = 0;
  double standard_error = 0;
};

struct Evaluation {
  std::string log;
  std::string policy;
  std::string reward;  // "clicked", "reward", or the formula.
  int64_t rows = 0;
  int64_t slates = 0;
  int64_t sessions = 0;
  int64_t items = 0;
  int64_t rewarded_rows = 0;  // Rows with a reward other than 0.
  bool single_decisions = false;
  uint64_t seed = 0;
  int bootstrap_replicates = 0;
  double level = 0.95;
  double discount = 1;
  std::vector<std::string> notes;
  Estimate logged_slate;    // What the logging policy earned for each slate,
  Estimate logged_session;  // and for each session.
  std::vector<WeightReport> weights;
  std::vector<EstimatorResult> results;
  std::vector<TrueValue> truth;  // Empty: not asked for.

  VerdictKind verdict = VerdictKind::kCannotTell;
  std::vector<std::string> verdict_sentences;
  std::string recommended;  // The name of the estimator to be cited; empty: none
};

}  // namespace recbots
