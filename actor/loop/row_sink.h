// Where an actor's transitions go.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace recbots {

class RowSink {
 public:
  virtual ~RowSink() = default;

  // Takes `num_rows` rows of the transition schema, row-major, and copies what it keeps. Waits while it has no room.
  // weights_version: of the policy that acts; no row is of a newer one.
  //   CANCELLED or a final error  the rows were not taken, and none will be
  virtual absl::Status Append(absl::string_view rows, int num_rows, int64_t weights_version) = 0;
};

}  // namespace recbots
