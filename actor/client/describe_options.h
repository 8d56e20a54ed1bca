// Writes a scenario's Options out, field by field: the paths of its settings with their values, defaults included.
//
// Names are those that Options::ForEachField calls, which are those of the configuration's message (fill_options.h).
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
#include "common/base/settings.h"
#include "common/wire/experiment_identity.h"

namespace recbots {

// A number with as many digits as tell it from all others.
std::string NumberText(double value);
// Few numbers as they are, many by their checksum.
std::string NumbersText(const std::vector<double>& values);

// Called by ForEachField with each member; adds the members to `fields`, below the path `prefix`. With `references` it
// adds all of them; without, only those on which rows depend (see of_references in config.proto). Of the ways to give
// one thing it adds the first that is given. Paths are left out: what a file holds counts.
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

  // An enum whose numbers are those of the message's: by the names that these have.
  template <typename Enum>
  requires std::is_enum_v<Enum>
  void operator()(const char* name, const Enum& member) { AddEnum(name, static_cast<int>(member)); }

  // Options within options: a message within the message.
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
  std::set<std::string> given_;  // Things that can be given in several ways.
};

}  // namespace recbots
