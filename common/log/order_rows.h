// Puts rows in order and finds slates and sessions.
#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/log/interaction_log.h"
#include "common/log/log_rows.h"

namespace recbots {

// Orders the rows, cuts sessions at gaps and slates at steps, and checks what the rows of a slate and the slates of a
// session must agree in.
//   INVALID_ARGUMENT  names lines, columns and values
absl::StatusOr<InteractionLog> OrderRows(LogRows rows, absl::Duration session_gap);

}  // namespace recbots
