// Finds out what this machine is (Linux).
#pragma once

#include <cstdint>
#include <string>

#include "deploy/cli/doctor/machine.h"

namespace recbots {

// Looks at this machine. Takes about a second: LibTorch is asked for by running recbots-train of `program_dir`, and
// Docker by running docker; each gets `kPatience` at most. Makes a file in each folder and removes it, and a socket.
Machine ReadMachine(const std::string& program_dir);

// What the files under `root` ("" for the machine itself) say of the system, the processor, memory and control groups;
// what is not there stays as it is. Both versions of control groups; limits of groups further up count too.
void ReadSystem(const std::string& root, Machine& machine);
void ReadProcessor(const std::string& root, Machine& machine);
void ReadMemory(const std::string& root, Machine& machine);
void ReadControlGroup(const std::string& root, Machine& machine);

// What `recbots-train --libraries` printed: lines "torch VERSION", "blas PATH", "blas_config TEXT".
void ReadLibraries(const std::string& output, Machine& machine);

// Whether a file can be made in the folder, and what is free there.
Machine::Folder ReadFolder(const std::string& name, const std::string& path);

}  // namespace recbots
