// Collects the facts about this machine (Linux).
#pragma once

#include <cstdint>
#include <string>

#include "deploy/cli/doctor/machine.h"

namespace recbots {

// Examines this machine. Takes about a second: it runs recbots-train in `program_dir` to learn about LibTorch, and
// docker to learn about Docker, each for at most `kPatience`. Makes a file in each folder, and a socket, and removes
// them.
Machine ReadMachine(const std::string& program_dir);

// Read facts about the system, the processor, memory, control groups and GPUs of NVIDIA from the files under `root` (""
// for the machine itself). A fact whose file is missing stays unchanged. Both versions of control groups are read, and
// the limits of parent groups count, too.
void ReadSystem(const std::string& root, Machine& machine);
void ReadProcessor(const std::string& root, Machine& machine);
void ReadMemory(const std::string& root, Machine& machine);
void ReadControlGroup(const std::string& root, Machine& machine);
void ReadGpus(const std::string& root, Machine& machine);

// Reads the output of `recbots-train --libraries`: lines "torch VERSION", "blas PATH", "blas_config TEXT",
// "gpus yes" or "gpus no".
void ReadLibraries(const std::string& output, Machine& machine);

// Finds out whether a file can be made in the folder, and how much space is free there.
Machine::Folder ReadFolder(const std::string& name, const std::string& path);

}  // namespace recbots
