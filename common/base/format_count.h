// Numbers for people.
#pragma once

#include <string>

namespace recbots {

// 950, 41.2k, 3.10M: three digits and a unit.
std::string FormatCount(double count);

}  // namespace recbots
