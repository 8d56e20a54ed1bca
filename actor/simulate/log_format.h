// Rows of the impression log: what they hold and how they are written. docs/simulate.md is the manual of both formats.
#pragma once

#include <cstdint>
#include <string>

#include "common/rl/spec.h"

namespace recbots {

// One step of one user, as pointers into the columns that it was played with.
struct LoggedStep {
  int64_t episode = 0;
  uint32_t stream = 0;
  int user = 0;  // 0..M-1 in its session
  int64_t step = 0;
  const int32_t* slate = nullptr;          // [K]
  float slate_propensity = 0;              // NaN: not known
  const float* item_propensity = nullptr;  // [K], NaN: not known
  const float* response = nullptr;         // [K, R]
  float reward = 0;
  bool terminated = false;
  bool truncated = false;
  const float* observation = nullptr;  // [U]
  const float* candidates = nullptr;   // [N, D]
};

// Formats steps as JSON Lines or CSV, one row per position of the slate. Numbers are the shortest that read back as the
// same float32. Immutable and thread-safe.
class LogFormat {
 public:
  enum class Kind { kJsonLines, kCsv };

  // with_candidates: every row has the features of all N candidates.
  LogFormat(const EnvironmentSpec& spec, Kind kind, bool with_candidates);

  // The line of column names of CSV; empty for JSON Lines.
  std::string Header() const;

  // Appends the rows of one step and returns how many they are: one for each item shown; of an empty slate one that has
  // neither position nor item.
  int AppendStep(const LoggedStep& step, std::string& out) const;

  // Numbers in a row; says how much memory rows need.
  int64_t num_columns() const;

 private:
  void AppendJsonStart(const LoggedStep& step, std::string& out) const;
  void AppendJsonRow(const LoggedStep& step, int position, std::string& out) const;
  void AppendJsonEnd(const LoggedStep& step, std::string& out) const;
  void AppendCsvStart(const LoggedStep& step, std::string& out) const;
  void AppendCsvRow(const LoggedStep& step, int position, std::string& out) const;
  void AppendCsvEnd(const LoggedStep& step, std::string& out) const;
  // Whether the item at a position was clicked: 0 or 1; -1 where the scenario does not say.
  int Clicked(const LoggedStep& step, int position) const;

  const EnvironmentSpec spec_;
  const Kind kind_;
  const bool with_candidates_;
  const int num_fields_;   // R
  const int click_field_;  // -1: there is none
};

}  // namespace recbots
