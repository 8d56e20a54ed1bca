#include "common/base/device.h"

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace recbots {

std::string DeviceName(const Device& device) { return device.cuda ? absl::StrCat("cuda:", device.index) : "cpu"; }

absl::StatusOr<std::optional<Device>> ParseDevice(absl::string_view text) {
  constexpr int kMaxIndex = 127;
  if (text == "auto") return std::nullopt;
  if (text == "cpu") return Device();
  if (text == "cuda") return Device{.cuda = true};
  Device device = {.cuda = true};
  absl::string_view number = text;
  // The name says the number in one way only: "cuda:+1" and "cuda:01" are none.
  if (absl::ConsumePrefix(&number, "cuda:") && absl::SimpleAtoi(number, &device.index) && device.index >= 0 &&
      device.index <= kMaxIndex && DeviceName(device) == text) {
    return device;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("device \"", absl::CHexEscape(text), "\", want auto, cpu, cuda or cuda:0 to cuda:", kMaxIndex));
}

}  // namespace recbots
