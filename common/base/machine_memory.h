// How much memory this process could take at most.
#pragma once

#include <cstdint>
#include <string>

namespace recbots {

// Bytes of the machine's memory, or of the smallest limit that is set for this process, if that is less. Limits are
// those of its control groups (versions 1 and 2, as containers, systemd and Slurm set them), of all groups up to the
// root, and of its address space. Reads small files of the system and ignores those that are missing. The result is at
// least 1.
int64_t MachineMemoryBytes();

// The smallest limit in bytes of the control groups alone; INT64_MAX if there is none. The files of the groups lie
// under `root` ("/sys/fs/cgroup"); `groups`, the text of /proc/self/cgroup, lists the groups of the process.
int64_t ControlGroupLimit(const std::string& root, const std::string& groups);

}  // namespace recbots
