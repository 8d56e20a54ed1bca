#include "actor/recsim/scenario.h"

#include "absl/strings/str_cat.h"

namespace recbots {

std::optional<double> Scenario::ValueOf(const ReferencePolicy& reference) const {
  switch (reference.known) {
    case ReferencePolicy::Known::kRandomValue:
      return RandomValue();
    case ReferencePolicy::Known::kOptimalValue:
      return OptimalValue();
    case ReferencePolicy::Known::kNothing:
      break;
  }
  return std::nullopt;
}

absl::StatusOr<double> Scenario::ExactValue(absl::Span<const int32_t>, const StopQuestion&) const {
  return absl::UnimplementedError(absl::StrCat("scenario ", spec().name, " has no exact values"));
}

}  // namespace recbots
