#include "actor/recsim/scenario.h"

#include "absl/strings/str_cat.h"

namespace recbots {

absl::StatusOr<double> Scenario::ExactValue(absl::Span<const int32_t>, const StopQuestion&) const {
  return absl::UnimplementedError(absl::StrCat("scenario ", spec().name, " has no exact values"));
}

}  // namespace recbots
