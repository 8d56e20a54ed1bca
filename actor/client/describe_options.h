// Writes a scenario's Options out, field by field: the paths of its settings and their values, defaults included.
//
// The names come from Options::ForEachField, and are the names in the configuration's message (fill_options.h).
#pragma once

#include <google/protobuf/descriptor.h>

#include <concepts>
#include <cstdint>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/settings.h"
#include "common/wire/experiment_identity.h"

namespace recbots {

// A number with just enough digits to distinguish it from all others.
std::string NumberText(double value);
// The numbers themselves if they are few, otherwise their checksum.
std::string NumbersText(const std::vector<double>& values);

// ForEachField calls it with each member; it adds the members to `fields`, below the path `prefix`. With `references`
// it adds all members, otherwise only those on which rows depend (see of_references in config.proto). If several fields
// can give one value, it adds the first that is set. It leaves paths out, because the content of a file counts.
class OptionsDescriber {
 public:
  OptionsDescriber(const google::protobuf::Descriptor& message, std::string prefix, bool references,
                   IdentityFields* fields)
      : message_(message), prefix_(std::move(prefix)), references_(references), fields_(*fields) {}

  template <typename Member>
  void operator()(const char* name, Member& member, const Range&) {
    (*this)(name, member);
  }
  void operator()(const char* name, const double& member) { Add(name, NumberText(member)); }
  void operator()(const char* name, const int& member) { Add(name, absl::StrCat(member)); }
  void operator()(const char* name, const uint64_t& member) { Add(name, absl::StrCat(member)); }
  void operator()(const char* name, const bool& member) { Add(name, member ? "true" : "false"); }
  void operator()(const char* name, const std::string& member) { Add(name, member); }
  void operator()(const char* name, const std::vector<double>& member) { Add(name, NumbersText(member)); }
  void operator()(const char* name, const std::vector<std::string>& member) { Add(name, absl::StrJoin(member, ", ")); }

  // An enum with the numbers of the message's enum; written with the names of the latter.
  template <typename Enum>
  requires std::is_enum_v<Enum>
  void operator()(const char* name, const Enum& member) { AddEnum(name, static_cast<int>(member)); }

  // Options within options correspond to a message within the message.
  template <typename Options>
  requires requires(Options& options, OptionsDescriber& describer) { options.ForEachField(describer); }
  void operator()(const char* name, Options& member) {
    OptionsDescriber describer(*Field(name).message_type(), PathOf(name), references_, &fields_);
    member.ForEachField(describer);
  }

 private:
  const google::protobuf::FieldDescriptor& Field(const char* name) const;
  std::string PathOf(const char* name) const { return prefix_ + "." + name; }
  void Add(const char* name, std::string value);
  void AddEnum(const char* name, int number);

  const google::protobuf::Descriptor& message_;
  const std::string prefix_;
  const bool references_;
  IdentityFields& fields_;
  std::set<std::string> given_;  // Values, of those that several fields can give, already added.
};

}  // namespace recbots
