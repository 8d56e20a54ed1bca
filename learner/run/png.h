// Pictures as PNG files (ISO/IEC 15948), for event files.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace recbots {

// Rows from the top, each from the left, three bytes a pixel: red, green, blue.
struct Picture {
  uint32_t width = 0;  // Both at least 1.
  uint32_t height = 0;
  std::string rgb;  // 3 x width x height bytes
};

std::string EncodePng(const Picture& picture);

}  // namespace recbots
