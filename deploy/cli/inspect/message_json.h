// Any protobuf message as JSON that scripts can use.
#pragma once

#include <google/protobuf/message.h>

#include <nlohmann/json.hpp>

namespace recbots {

// All fields by their names in the .proto, also those that are zero. 64-bit integers are numbers (protobuf's own JSON
// makes them strings), except identifiers (fixed64), which are 16 hexadecimal digits; enumerations are the lower-case
// part of their names that tells them apart ("min_size"). bytes are refused by RECBOTS_CHECK.
nlohmann::ordered_json MessageToJson(const google::protobuf::Message& message);

}  // namespace recbots
