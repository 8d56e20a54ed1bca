// Fills a scenario's Options from its configuration message, field by field.
//
// A message field and the member that Options::ForEachField calls by the same name belong together. Fields that are not
// set and have no default of their own leave the member as it is. A message and its Options that do not have the same
// fields are a mistake in the program and stop it.
#pragma once

#include <google/protobuf/message.h>

#include <concepts>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "common/base/settings.h"

namespace recbots {

// Reads one message; called by ForEachField with each member.
class OptionsReader {
 public:
  explicit OptionsReader(const google::protobuf::Message& message) : message_(message) {}
  // All fields of the message have been asked for, else the program stops.
  ~OptionsReader();

  OptionsReader(const OptionsReader&) = delete;
  OptionsReader& operator=(const OptionsReader&) = delete;

  template <typename Member>
  void operator()(const char* name, Member& member, const Range&) {
    (*this)(name, member);
  }
  void operator()(const char* name, double& member);
  void operator()(const char* name, int& member);
  void operator()(const char* name, uint64_t& member);
  void operator()(const char* name, bool& member);
  void operator()(const char* name, std::string& member);
  void operator()(const char* name, std::vector<double>& member);

  // An enum whose numbers are those of the message's.
  template <typename Enum>
  requires std::is_enum_v<Enum>
  void operator()(const char* name, Enum& member) {
    int number = static_cast<int>(member);
    ReadEnum(name, number);
    member = static_cast<Enum>(number);
  }

  // Options within options: a message within the message.
  template <typename Options>
  requires requires(Options& options, OptionsReader& reader) { options.ForEachField(reader); }
  void operator()(const char* name, Options& member) {
    OptionsReader reader(Nested(name));
    member.ForEachField(reader);
  }

 private:
  // The field of that name; counts it as asked for.
  const google::protobuf::FieldDescriptor& Field(const char* name);
  // Is there anything to read?
  bool Says(const google::protobuf::FieldDescriptor& field) const;
  void ReadEnum(const char* name, int& number);
  const google::protobuf::Message& Nested(const char* name);

  const google::protobuf::Message& message_;
  int asked_ = 0;
};

template <typename Options>
void FillOptions(const google::protobuf::Message& message, Options& options) {
  OptionsReader reader(message);
  options.ForEachField(reader);
}

}  // namespace recbots
