// Names of fields and values for messages: what reading, overriding and checking a configuration share.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace recbots {

// "environment" and "seed" give "environment.seed"; an empty prefix is left out.
std::string JoinPath(absl::string_view prefix, absl::string_view field);

// Names of the fields of a message, in the order of their declaration.
std::vector<std::string> FieldNames(const google::protobuf::Descriptor& message);

// ", did you mean 'seed'?", or the list of fields when nothing is near: ", it has name, seed, ...".
std::string Suggestion(absl::string_view name, const google::protobuf::Descriptor& message);

// Values of an enum that may be chosen, which are all but number 0: "UNIT, RAW".
std::string ChoicesOf(const google::protobuf::EnumDescriptor& type);

// The value of a singular field (index -1) or of an element of a repeated one, as text proto; for an unset field its
// default.
std::string ValueText(const google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field,
                      int index = -1);

}  // namespace recbots
