// How much memory this process could take at most.
#pragma once

#include <cstdint>
#include <string>

namespace recbots {

// Bytes of the machine's memory, or of the smallest limit that is set for this process: of its control groups (version
// 2 and 1: containers, systemd, Slurm), all of them up to the root, and of its address space. Reads small files of the
// system; what is not there does not count. At least 1.
int64_t MachineMemoryBytes();

// The same of the control groups alone, whose files lie under `root` ("/sys/fs/cgroup") and of which `groups` (the text
// of /proc/self/cgroup) lists those of the process. INT64_MAX: no limit.
int64_t ControlGroupLimit(const std::string& root, const std::string& groups);

}  // namespace recbots
