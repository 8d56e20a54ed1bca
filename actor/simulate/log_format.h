// The content and the formats of the rows of the impression log. docs/simulate.md is the manual of both formats.
#pragma once

#include <cstdint>
#include <string>

#include "common/rl/spec.h"

namespace recbots {

// One step of one user, with pointers into the columns of the step.
struct LoggedStep {
  int64_t episode = 0;
  uint32_t stream = 0;
  int user = 0;  // 0..M-1 in its session
  int64_t step = 0;
  const int32_t* slate = nullptr;            // [K]
  float slate_propensity = 0;                // NaN: not known
  const float* item_propensity = nullptr;    // [K], NaN: not known
  const float* prefix_propensity = nullptr;  // [K], NaN: not known
  const float* response = nullptr;           // [K, R]
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

  // If `with_candidates`, every row has the features of all N candidates.
  LogFormat(const EnvironmentSpec& spec, Kind kind, bool with_candidates);

  // The line of column names of CSV; empty for JSON Lines.
  std::string Header() const;

  // Appends the rows of one step and returns their number: one row for each item shown; an empty slate gives one row
  // without position and item.
  int AppendStep(const LoggedStep& step, std::string& out) const;

  // How many numbers a row has, from which callers estimate the memory of rows.
  int64_t num_columns() const;

 private:
  void AppendJsonStart(const LoggedStep& step, std::string& out) const;
  void AppendJsonRow(const LoggedStep& step, int position, std::string& out) const;
  void AppendJsonEnd(const LoggedStep& step, std::string& out) const;
  void AppendCsvStart(const LoggedStep& step, std::string& out) const;
  void AppendCsvRow(const LoggedStep& step, int position, std::string& out) const;
  void AppendCsvEnd(const LoggedStep& step, std::string& out) const;
  // Whether the item at a position was clicked: 0 or 1; -1 if the scenario has no such field.
  int Clicked(const LoggedStep& step, int position) const;

  const EnvironmentSpec spec_;
  const Kind kind_;
  const bool with_candidates_;
  const int num_fields_;   // R
  const int click_field_;  // -1: there is none
};

}  // namespace recbots
