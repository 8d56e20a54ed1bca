// Finds settings that have no effect because of another setting.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// Checks that an override has an effect: `path` ("path.to.field") names the field that it set, `config` is the
// configuration after it. A file may contain a setting without effect, which waits until another setting changes; a
// setting given by hand is meant to do something.
//   INVALID_ARGUMENT  names the field, the setting that keeps it idle, and the value with which it has an effect
absl::Status CheckCounts(absl::string_view path, const v1::ExperimentConfig& config);

}  // namespace recbots
