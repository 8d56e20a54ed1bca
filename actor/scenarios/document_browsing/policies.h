// What the reference policies of document browsing act on.
#pragma once

#include "absl/status/statusor.h"
#include "actor/scenarios/document_browsing/exact_values.h"
#include "common/base/lazy.h"
#include "common/base/stop.h"

namespace recbots {

// The problem and its solution, which the first call of Solve computes. Thread-safe.
class BrowsingReference {
 public:
  // Borrows `options`, which have passed Validate.
  explicit BrowsingReference(const DocumentBrowsingOptions& options) : mdp_(options) {}

  const BrowsingMdp& mdp() const { return mdp_; }
  // The solution lives as long as this object. CANCELLED: `stop` returned true; the next call computes again.
  absl::StatusOr<const BrowsingSolution*> Solve(const StopQuestion& stop) const {
    return solution_.Get([&] { return IterateValues(mdp_, stop); });
  }

 private:
  const BrowsingMdp mdp_;
  mutable Lazy<BrowsingSolution> solution_;
};

}  // namespace recbots
