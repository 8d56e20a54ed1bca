// Log lines to stderr and checks of our own invariants.
//
//   RECBOTS_LOG(INFO) << "listening" << Field("address", address);
// writes  `I 2026-11-23T20:11:05.123Z learner listening address=127.0.0.1:7001`.
//
// INFO is an event that someone acts on, WARNING something that heals or degrades, ERROR something lost. We have macros
// of our own, with a prefix, because packaged Abseil (20220623) has no log and LibTorch defines LOG and CHECK.
//
// Thread-safe. A line is written with one call and never mixed with another line.
#pragma once

#include <sstream>
#include <string>

#include "absl/strings/string_view.h"

namespace recbots {

enum class LogLevel { kInfo, kWarning, kError, kFatal };

// Names this process in its log lines ("learner"). Call once, from main, before threads start.
void SetLogRole(absl::string_view role);

// Prints as " key=value", with the value in quotes if it contains spaces.
template <typename T>
struct LogField {
  absl::string_view key;
  const T& value;
};
template <typename T>
LogField<T> Field(absl::string_view key, const T& value) {
  return {key, value};
}
std::string QuoteIfNeeded(std::string text);
template <typename T>
std::ostream& operator<<(std::ostream& out, const LogField<T>& field) {
  std::ostringstream text;
  text << field.value;
  return out << ' ' << field.key << '=' << QuoteIfNeeded(text.str());
}

// Collects one line and writes it when destroyed; a kFatal line then aborts.
class LogLine {
 public:
  LogLine(LogLevel level, const char* file, int line);
  ~LogLine();
  LogLine(const LogLine&) = delete;
  LogLine& operator=(const LogLine&) = delete;
  std::ostream& stream() { return text_; }

 private:
  const LogLevel level_;
  std::ostringstream text_;
};

}  // namespace recbots

#define RECBOTS_LOG_LEVEL_INFO ::recbots::LogLevel::kInfo
#define RECBOTS_LOG_LEVEL_WARNING ::recbots::LogLevel::kWarning
#define RECBOTS_LOG_LEVEL_ERROR ::recbots::LogLevel::kError
#define RECBOTS_LOG(level) ::recbots::LogLine(RECBOTS_LOG_LEVEL_##level, __FILE__, __LINE__).stream()

// Stops the process when an invariant of our own code is broken. Never use it for errors that input can cause.
#define RECBOTS_CHECK(condition) \
  while (!(condition))           \
  ::recbots::LogLine(::recbots::LogLevel::kFatal, __FILE__, __LINE__).stream() << "check failed: " #condition " "
#define RECBOTS_CHECK_OK(expression)                                           \
  for (const auto& recbots_status = (expression); !recbots_status.ok();)       \
  ::recbots::LogLine(::recbots::LogLevel::kFatal, __FILE__, __LINE__).stream() \
      << "not OK: " #expression ": " << recbots_status.ToString() << ' '
