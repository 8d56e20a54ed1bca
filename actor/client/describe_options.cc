#include "actor/client/describe_options.h"

#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "recbots/v1/config.pb.h"

namespace recbots {
namespace {

// Longer lists are named by their checksum.
constexpr size_t kMaxNumbersShown = 24;

}  // namespace

std::string NumberText(double value) {
  std::array<char, 32> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  RECBOTS_CHECK(error == std::errc());
  return {text.data(), end};
}

std::string NumbersText(const std::vector<double>& values) {
  if (values.size() <= kMaxNumbersShown) {
    std::string text;
    for (const double value : values) absl::StrAppend(&text, text.empty() ? "" : " ", NumberText(value));
    return text;
  }
  uint64_t hash = kFnvOffset;
  for (const double value : values) {
    char bytes[sizeof(value)];
    std::memcpy(bytes, &value, sizeof(value));
    hash = Fnv1a({bytes, sizeof(bytes)}, hash);
  }
  return absl::StrCat(values.size(), " numbers, FNV-1a ", FingerprintText(hash));
}

const google::protobuf::FieldDescriptor& OptionsDescriber::Field(const char* name) const {
  const google::protobuf::FieldDescriptor* field = message_.FindFieldByName(name);
  RECBOTS_CHECK(field != nullptr) << message_.full_name() << " has no field " << name;
  return *field;
}

void OptionsDescriber::Add(const char* name, std::string value) {
  const google::protobuf::FieldOptions& options = Field(name).options();
  if (options.GetExtension(v1::path) || (!references_ && options.GetExtension(v1::of_references))) return;
  const std::string& thing = options.GetExtension(v1::way_to_give);
  if (!thing.empty() && (value.empty() || !given_.insert(thing).second)) return;
  fields_[PathOf(name)] = std::move(value);
}

void OptionsDescriber::AddEnum(const char* name, int number) {
  const auto* const value = Field(name).enum_type()->FindValueByNumber(number);
  Add(name, value == nullptr ? absl::StrCat(number) : value->name());
}

}  // namespace recbots
