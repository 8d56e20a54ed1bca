// A log of what was shown and what came of it, in memory, column by column.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/log/string_ids.h"

namespace recbots {

// What a replay needs to show a policy the logged sessions again. Letters as in common/rl/spec.h.
struct LogFeatures {
  std::vector<std::string> response_fields;  // R names
  size_t num_user_features = 0;              // U
  size_t num_candidates = 0;                 // N: 0 if the log has no candidates.
  size_t num_candidate_features = 0;         // D
  std::vector<float> response;               // [rows, R]
  // Observation and candidates, float32 [blocks, U + N D]; rows of a slate share a block.
  std::vector<float> blocks;
  std::vector<int32_t> block;  // [rows]
};

// How a session ended.
enum class SessionEnd : uint8_t { kUnknown, kLeft, kCut };

// Rows are in the order of sessions, then of steps, then of positions; a slate is the rows of one step. Sessions are in
// the order in which the log begins them. A column that the log does not have is empty; a value that a row does not
// have is NaN. Propensities are probabilities of the policy that chose, evaluation_* of the one to be judged
// (docs/evaluate.md). A value type.
struct InteractionLog {
  size_t num_rows() const { return item.size(); }
  size_t num_slates() const { return slate_begin.size() - 1; }
  size_t num_sessions() const { return session_begin.size() - 1; }

  std::vector<int32_t> item;      // [rows]: an id of `items`; kNoItem for a slate without items
  std::vector<int32_t> position;  // [rows], from 0; without the column, the place in the slate
  std::vector<uint8_t> clicked;   // [rows]
  std::vector<double> reward;     // [rows]: of the row; with `reward_of_slates`, of the slate, the same in all its rows
  bool reward_of_slates = false;
  std::vector<double> slate_propensity, item_propensity, prefix_propensity;  // [rows]
  std::vector<double> evaluation_slate, evaluation_item, evaluation_prefix;  // [rows]
  // Of a given model: the value of the row, and its mean over what the evaluated policy would show there.
  std::vector<double> q_hat, evaluation_q_hat;  // [rows]
  std::vector<double> timestamp;                // [rows], seconds since 1970
  std::vector<int32_t> policy;                  // [rows]: an id of `policies`
  std::vector<int64_t> step;                    // [slates]
  std::vector<int64_t> slate_begin = {0};       // [slates + 1]: rows
  std::vector<int64_t> session_begin = {0};     // [sessions + 1]: slates
  std::vector<SessionEnd> session_end;          // [sessions]
  std::vector<uint32_t> stream;                 // [rows]: the random stream of the user, for replays
  StringIds items{/*keep_names=*/true};
  StringIds policies{/*keep_names=*/true};
  LogFeatures features;  // Only if asked for.

  // Whether each row is a decision of its own: nothing tells which rows were shown together.
  bool single_decisions = false;
  // What was derived from the log, and what is odd about it, one sentence each.
  std::vector<std::string> notes;
};

}  // namespace recbots
