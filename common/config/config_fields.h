// The fields of a configuration as paths and values, to compare configurations by.
#pragma once

#include <google/protobuf/message.h>

#include <map>
#include <string>

#include "recbots/v1/config.pb.h"

namespace recbots {

// "actor.users" -> "64".
using ConfigFields = std::map<std::string, std::string>;

// Adds every field of `message`, which lies at `path` (empty: at the top), with defaults written out. An absent message
// counts as one with its defaults, unless its presence has a meaning by itself (option on_request in config.proto) or
// it is a member of a oneof.
void DescribeFields(const google::protobuf::Message& message, const std::string& path, ConfigFields& fields);

// The settings in which a run that is resumed differs from the configuration it was begun with, apart from those that
// may change (option may_change): "" if there are none; otherwise at most six of them by name:
//   actor.users: 32 there, 64 here; seed: 1 there, 2 here; and 2 more
std::string RunDifference(const v1::ExperimentConfig& there, const v1::ExperimentConfig& here);

}  // namespace recbots
