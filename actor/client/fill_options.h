// Fills a scenario's Options from its configuration message, field by field.
//
// A field of the message belongs to the member that Options::ForEachField calls by the same name. A field that is not
// set and has no default leaves the member unchanged. If a message and its Options do not have the same fields, this is
// a mistake in the program, and the program stops.
#pragma once

#include <google/protobuf/message.h>

#include <concepts>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "common/base/settings.h"

namespace recbots {

// Reads one message; ForEachField calls it with each member.
class OptionsReader {
 public:
  explicit OptionsReader(const google::protobuf::Message& message) : message_(message) {}
  // Stops the program unless ForEachField has asked for all fields of the message.
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
  void operator()(const char* name, std::vector<std::string>& member);

  // An enum with the numbers of the message's enum.
  template <typename Enum>
  requires std::is_enum_v<Enum>
  void operator()(const char* name, Enum& member) {
    int number = static_cast<int>(member);
    ReadEnum(name, number);
    member = static_cast<Enum>(number);
  }

  // Options within options correspond to a message within the message.
  template <typename Options>
  requires requires(Options& options, OptionsReader& reader) { options.ForEachField(reader); }
  void operator()(const char* name, Options& member) {
    OptionsReader reader(Nested(name));
    member.ForEachField(reader);
  }

 private:
  // The field of that name; counts it as asked for.
  const google::protobuf::FieldDescriptor& Field(const char* name);
  // Whether the field is set or has a default.
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
