// The page /api/v1/policy: what the newest networks recommend, as JSON (docs/formats.md).
#pragma once

#include <cstdint>
#include <string>

#include "actor/client/policy_view.h"

namespace recbots {

// Which weights a view is of.
struct ViewedWeights {
  int64_t version = 0;
  int64_t updates = 0;
  int64_t env_steps = 0;
  int64_t views = 0;         // How many views this process has made, this one included.
  uint64_t incarnation = 0;  // Of the process.
};

// One line. Numbers have as many digits as a picture shows. `with_fixed`: also what does not change from view to view,
// that is the expected rewards, which are most of the bytes.
std::string PolicyJson(const ViewedWeights& weights, const PolicyView& view, bool with_fixed);

}  // namespace recbots
