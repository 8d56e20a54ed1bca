// The files of the page, as they lie in learner/dashboard/page, embedded into the program at build time
// (cmake/embed_files.cmake): a role needs no files beside it to serve its page.
#pragma once

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace recbots {

struct EmbeddedFile {
  absl::string_view name;  // "dashboard.js"
  absl::string_view bytes;
};

// Static storage.
absl::Span<const EmbeddedFile> EmbeddedFiles();

// The media type of a file, by the end of its name.
inline std::string TypeOf(absl::string_view name) {
  if (absl::EndsWith(name, ".html")) return "text/html; charset=utf-8";
  if (absl::EndsWith(name, ".css")) return "text/css; charset=utf-8";
  if (absl::EndsWith(name, ".svg")) return "image/svg+xml";
  return "text/javascript; charset=utf-8";
}

}  // namespace recbots
