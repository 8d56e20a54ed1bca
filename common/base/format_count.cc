#include "common/base/format_count.h"

#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace recbots {

std::string FormatCount(double count) {
  struct Unit {
    double size;
    const char* letter;
  };
  constexpr std::array kUnits{Unit{1e9, "G"}, Unit{1e6, "M"}, Unit{1e3, "k"}};
  for (const Unit& unit : kUnits) {
    // Takes the next unit if rounding would reach it: 999.6k is 1.00M.
    if (std::abs(count) < unit.size * (unit.size > 1e3 ? 0.9995 : 1.0)) continue;
    const double scaled = count / unit.size;
    const int decimals = scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0;
    return absl::StrFormat("%.*f%s", decimals, scaled, unit.letter);
  }
  return absl::StrFormat("%.0f", count);
}

std::string GroupThousands(int64_t count) {
  std::string text = absl::StrCat(count);
  const size_t first_digit = count < 0 ? 1 : 0;
  for (size_t at = text.size(); at > first_digit + 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

}  // namespace recbots
