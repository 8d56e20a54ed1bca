// The version of this build, as the top CMakeLists.txt states it in project(VERSION).
#pragma once

namespace recbots {

extern const char kVersion[];  // "0.1.0"

}  // namespace recbots
