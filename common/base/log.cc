#include "common/base/log.h"

#include <unistd.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace recbots {
namespace {

std::string& Role() {
  static std::string* role = new std::string("recbots");
  return *role;
}

char Letter(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return 'I';
    case LogLevel::kWarning:
      return 'W';
    case LogLevel::kError:
      return 'E';
    case LogLevel::kFatal:
      return 'F';
  }
  return '?';
}

}  // namespace

void SetLogRole(absl::string_view role) { Role() = std::string(role); }

std::string QuoteIfNeeded(std::string text) {
  if (!text.empty() && text.find_first_of(" \t\n\"") == std::string::npos) return text;
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\\\""}, {"\n", "\\n"}}), "\"");
}

LogLine::LogLine(LogLevel level, const char* file, int line) : level_(level) {
  if (level == LogLevel::kFatal) text_ << file << ':' << line << ' ';
}

LogLine::~LogLine() {
  std::string line = absl::StrCat(std::string(1, Letter(level_)), " ",
                                  absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone()), " ",
                                  Role(), " ", text_.str(), "\n");
  size_t written = 0;
  while (written < line.size()) {
    const ssize_t n = ::write(STDERR_FILENO, line.data() + written, line.size() - written);
    if (n <= 0) break;
    written += static_cast<size_t>(n);
  }
  if (level_ == LogLevel::kFatal) std::abort();
}

}  // namespace recbots
