// Settings of a part of the program, each declared once: its type, name, range and default, and beside them in words
// what it means.
//
//   struct PondOptions {
//     RECBOTS_SETTINGS;
//     RECBOTS_SETTING(int, num_fish, Between(1, 100), 10);
//     RECBOTS_SETTING(double, litres, Above(0, 1e6), 50.0 * num_fish);  // Of water.
//   };
//
// declares the members `int num_fish = 10` and `double litres = 50.0 * num_fish`, and ForEachField(f), which calls
// f("num_fish", num_fish, range) and f("litres", litres, range): so options are filled from a configuration by name,
// described, and checked (CheckSettings). The struct remains an aggregate of plain members.
//
// A range may depend on settings before it: Between(1, num_candidates). One setting begins on a line.
#pragma once

#include <cmath>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/check_range.h"

namespace recbots {

// Bounds of a number, of an enum's number, or of every element of a list.
struct Range {
  double min = -HUGE_VAL;
  double max = HUGE_VAL;
  bool with_min = true;  // Whether `min` itself is allowed.
  const char* why = "";  // Ends the message that refuses a value: " (and at most num_candidates)".

  bool bounded() const { return min > -HUGE_VAL || max < HUGE_VAL; }
};
constexpr Range Between(double min, double max, const char* why = "") { return {min, max, true, why}; }
constexpr Range Above(double min, double max) { return {min, max, false}; }
// Of what is no number, or is checked in another way.
constexpr Range AnyValue() { return {}; }

// Called by ForEachField with each member; keeps the first refusal.
class SettingsChecker {
 public:
  const absl::Status& status() const { return status_; }

  template <typename T>
  void operator()(const char* name, const T& member, const Range& range) {
    if (!range.bounded()) return;
    if constexpr (std::is_enum_v<T> || std::is_same_v<T, int>) {
      CheckNumber(name, static_cast<int>(member), range);
    } else if constexpr (std::is_arithmetic_v<T>) {
      CheckNumber(name, static_cast<double>(member), range);
    } else if constexpr (std::is_same_v<T, std::vector<double>>) {
      for (size_t i = 0; i < member.size(); ++i) CheckNumber(absl::StrCat(name, "[", i, "]"), member[i], range);
    }
  }

 private:
  template <typename T>
  void CheckNumber(absl::string_view name, T value, const Range& range) {
    if (!status_.ok()) return;
    if (range.with_min) {
      status_ = CheckRange(name, value, static_cast<T>(range.min), static_cast<T>(range.max), range.why);
    } else if (!(value > range.min && value <= range.max)) {
      status_ = absl::InvalidArgumentError(
          absl::StrCat(name, " ", value, ", want more than ", range.min, ", at most ", range.max, range.why));
    }
  }

  absl::Status status_;
};

// INVALID_ARGUMENT: a setting outside its range, NaN included; "NAME VALUE, want MIN..MAX", an element as NAME[I].
// Options within options check themselves.
template <typename Options>
absl::Status CheckSettings(const Options& options) {
  SettingsChecker checker;
  options.ForEachField(checker);
  return checker.status();
}

// How ForEachField finds the settings: each is a function of its line.
template <int kLine>
struct SettingLine {};
inline constexpr int kMaxSettingLines = 128;

template <int kFirstLine, typename Options, typename F, int... kOffsets>
void VisitSettings(Options& options, F& f, std::integer_sequence<int, kOffsets...>) {
  const auto visit = [&](auto line) {
    if constexpr (requires { options.VisitSetting(line, f); }) options.VisitSetting(line, f);
  };
  (visit(SettingLine<kFirstLine + kOffsets>()), ...);
}

}  // namespace recbots

// Comes before the settings of a struct, at most 128 lines.
#define RECBOTS_SETTINGS                                                                                         \
  static constexpr int kFirstSettingLine = __LINE__;                                                             \
  template <typename F>                                                                                          \
  void ForEachField(F&& f) {                                                                                     \
    ::recbots::VisitSettings<kFirstSettingLine>(*this, f,                                                        \
                                                std::make_integer_sequence<int, ::recbots::kMaxSettingLines>()); \
  }                                                                                                              \
  template <typename F>                                                                                          \
  void ForEachField(F&& f) const {                                                                               \
    ::recbots::VisitSettings<kFirstSettingLine>(*this, f,                                                        \
                                                std::make_integer_sequence<int, ::recbots::kMaxSettingLines>()); \
  }                                                                                                              \
  static_assert(true)

// RECBOTS_SETTING(type, name, range, default). The default comes last, because a list has commas: {0.2, 0.8}.
#define RECBOTS_SETTING(type, name, range, ...)                     \
  type name = __VA_ARGS__;                                          \
  template <typename F>                                             \
  void VisitSetting(::recbots::SettingLine<__LINE__>, F& f) {       \
    f(#name, name, range);                                          \
  }                                                                 \
  template <typename F>                                             \
  void VisitSetting(::recbots::SettingLine<__LINE__>, F& f) const { \
    f(#name, name, range);                                          \
  }                                                                 \
  static_assert(__LINE__ - kFirstSettingLine < ::recbots::kMaxSettingLines, "too many lines")
