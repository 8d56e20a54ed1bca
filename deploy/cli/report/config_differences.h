// What differs between the configurations of runs.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "recbots/v1/config.pb.h"

namespace recbots {

// Every value of a configuration by its path, as --set takes it: "learner.batch_size" -> "64". Fields that are not set
// have their defaults; parts that are not chosen, or only exist on request, have none.
using ConfigValues = std::map<std::string, std::string>;
ConfigValues FlattenConfig(const v1::ExperimentConfig& config);

// The same without the seed: runs with equal ones are runs of the same experiment.
ConfigValues WithoutSeed(ConfigValues values);
// Only what says who the users are: values of policies can be compared where it is equal.
ConfigValues EnvironmentOf(const ConfigValues& values);

// A setting that has not the same value everywhere; "-" where it does not exist.
struct ConfigDifference {
  std::string path;
  std::vector<std::string> values;  // One for each configuration.
};
std::vector<ConfigDifference> DifferencesOf(const std::vector<ConfigValues>& configs);

}  // namespace recbots
