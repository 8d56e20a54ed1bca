// The heat map of a policy as a picture.
#pragma once

#include "actor/client/policy_view.h"
#include "learner/run/png.h"

namespace recbots {

// Rows are states, columns candidates; the ground is light where the expected reward is low and blue where it is high,
// what is recommended is orange. Cells are squares of several pixels, so that the longer side has at least 200.
Picture PictureOf(const PolicyMap& map);

}  // namespace recbots
