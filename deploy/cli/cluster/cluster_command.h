// recbots cluster CONFIG: a local cluster, from its start to its report.
#pragma once

#include <string>
#include <vector>

namespace recbots {

// Returns the exit code: 0 when the goal was reached (or the cluster was told to end after it), 2 for a wrong
// configuration, 130 when interrupted before, 1 otherwise.
int ClusterCommand(const std::string& program_dir, const std::vector<std::string>& arguments);

}  // namespace recbots
