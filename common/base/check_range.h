// Refuses a setting out of bounds in the words that all of them are refused in.
#pragma once

#include <type_traits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace recbots {

// OK where min <= value <= max. INVALID_ARGUMENT otherwise, NaN included: "NAME VALUE, want MIN..MAX" and then `why`.
template <typename T>
absl::Status CheckRange(absl::string_view name, T value, std::type_identity_t<T> min, std::type_identity_t<T> max,
                        absl::string_view why = "") {
  if (value >= min && value <= max) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(name, " ", value, ", want ", min, "..", max, why));
}

// A refusal by a part, in the words of the whole: "NAME VALUE, want ..." becomes "PATH.NAME VALUE, want ...". OK as it
// is.
inline absl::Status WithPath(absl::string_view path, const absl::Status& status) {
  return status.ok() ? status : absl::Status(status.code(), absl::StrCat(path, ".", status.message()));
}

}  // namespace recbots
