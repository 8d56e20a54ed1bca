// The name of the processor that this program runs on.
#pragma once

#include <string>

namespace recbots {

// "AMD EPYC 7B13 64-Core Processor, family 25, model 1", as /proc/cpuinfo has it: family and model tell processors
// apart that clouds hand out under one name. "unknown" where the system does not say.
std::string ProcessorName();

// The name of the first processor in a text like /proc/cpuinfo.
std::string ProcessorNameIn(const std::string& cpuinfo);

}  // namespace recbots
