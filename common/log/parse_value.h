// Numbers, flags and times as logs write them.
#pragma once

#include <charconv>
#include <cmath>
#include <optional>

#include "absl/strings/string_view.h"

namespace recbots {

// A finite number; nullopt: the text is something else. Independent of the locale. (A leading '+' is refused.)
template <typename Float>
std::optional<Float> ParseFinite(absl::string_view text) {
  Float value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

// 0, 1, 0.0, 1.0, true, false, in small or capital letters.
std::optional<bool> ParseFlag(absl::string_view text);

// Seconds since 1970, from seconds or from a time of ISO 8601; a time without a zone is UTC.
std::optional<double> ParseTimestamp(absl::string_view text);

}  // namespace recbots
