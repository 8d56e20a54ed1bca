// Refuses a setting that is out of bounds, with one wording for every setting.
#pragma once

#include <type_traits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace recbots {

// OK if min <= value <= max. Otherwise, and for NaN, INVALID_ARGUMENT: "NAME VALUE, want MIN..MAX" followed by `why`.
template <typename T>
absl::Status CheckRange(absl::string_view name, T value, std::type_identity_t<T> min, std::type_identity_t<T> max,
                        absl::string_view why = "") {
  if (value >= min && value <= max) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(name, " ", value, ", want ", min, "..", max, why));
}

// Adds the path of a part to its refusal: "NAME VALUE, want ..." becomes "PATH.NAME VALUE, want ...". OK stays OK.
inline absl::Status WithPath(absl::string_view path, const absl::Status& status) {
  return status.ok() ? status : absl::Status(status.code(), absl::StrCat(path, ".", status.message()));
}

}  // namespace recbots
