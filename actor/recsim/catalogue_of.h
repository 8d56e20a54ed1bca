// The fixed catalogue of a scenario.
#pragma once

#include <memory>

#include "actor/recsim/scenario.h"
#include "common/rl/catalogue.h"

namespace recbots {

// The items that environments of `scenario` offer; nullptr where candidates change, or have no features. Every call
// makes an environment of one session and reads what it offers.
std::shared_ptr<const Catalogue> CatalogueOf(const Scenario& scenario);

}  // namespace recbots
