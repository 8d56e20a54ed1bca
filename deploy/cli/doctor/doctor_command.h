// recbots doctor: what this machine is, and what of recbots will not work well on it.
#pragma once

#include <string>
#include <vector>

namespace recbots {

// Returns the exit code: 0 when nothing is a problem, 1 otherwise, 2 for wrong flags. `program_dir` is where the other
// programs lie.
int DoctorCommand(const std::string& program_dir, const std::vector<std::string>& arguments);

}  // namespace recbots
