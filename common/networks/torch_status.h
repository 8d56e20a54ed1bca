// Where LibTorch's exceptions end: no exception crosses a library boundary.
#pragma once

#include <c10/util/Exception.h>

#include <exception>
#include <string>

#include "absl/status/status.h"

namespace recbots {

// Runs `function`, which returns nothing.
//   INTERNAL  it threw; the message is kept, without LibTorch's stack trace
template <typename Function>
absl::Status RunTorch(const Function& function) {
  try {
    function();
    return absl::OkStatus();
  } catch (const c10::Error& error) {
    return absl::InternalError(std::string("torch: ") + error.what_without_backtrace());
  } catch (const std::exception& error) {
    return absl::InternalError(std::string("torch: ") + error.what());
  }
}

}  // namespace recbots
