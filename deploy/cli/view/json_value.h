// Values of JSON that others wrote: of the wanted type, or a replacement.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace recbots {

using Json = nlohmann::ordered_json;

// The member, or null.
inline const Json& MemberOf(const Json& json, absl::string_view name) {
  static const Json* const kNull = new Json();
  if (!json.is_object()) return *kNull;
  const auto found = json.find(std::string(name));
  return found == json.end() ? *kNull : *found;
}

inline std::optional<double> NumberIn(const Json& json, absl::string_view name) {
  const Json& value = MemberOf(json, name);
  return value.is_number() ? std::optional<double>(value.get<double>()) : std::nullopt;
}

inline std::string TextIn(const Json& json, absl::string_view name) {
  const Json& value = MemberOf(json, name);
  return value.is_string() ? value.get<std::string>() : "";
}

}  // namespace recbots
