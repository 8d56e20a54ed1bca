// Formats numbers for people.
#pragma once

#include <cstdint>
#include <string>

namespace recbots {

// 950, 41.2k, 3.10M: three digits and a unit.
std::string FormatCount(double count);

// 41,210: every digit, in groups of three.
std::string GroupThousands(int64_t count);

}  // namespace recbots
