// Converts any protobuf message to JSON that scripts can use.
#pragma once

#include <google/protobuf/message.h>

#include <nlohmann/json.hpp>

namespace recbots {

// All fields by their names in the .proto, including those that are zero. 64-bit integers are numbers (protobuf's own
// JSON makes them strings), except identifiers (fixed64), which are 16 hexadecimal digits; a value of an enumeration is
// the distinctive part of its name in lower case ("min_size"). A field of bytes fails a RECBOTS_CHECK.
nlohmann::ordered_json MessageToJson(const google::protobuf::Message& message);

}  // namespace recbots
