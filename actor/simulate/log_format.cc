#include "actor/simulate/log_format.h"

#include <charconv>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/log.h"

namespace recbots {
namespace {

// The index of the response field that tells clicks, or -1.
int ClickField(const EnvironmentSpec& spec) {
  const int click = spec.FindResponseField("click");
  return click >= 0 ? click : spec.FindResponseField("accepted");
}

void Append(absl::string_view text, std::string& out) { out.append(text.data(), text.size()); }

void AppendInteger(int64_t value, std::string& out) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof(text), value).ptr);
}

// `missing` stands for NaN and infinities.
void AppendNumber(float value, absl::string_view missing, std::string& out) {
  if (value == 0.0f && !std::signbit(value)) {
    out.push_back('0');  // Most features are one-hot.
  } else if (value == 1.0f) {
    out.push_back('1');
  } else if (!std::isfinite(value)) {
    Append(missing, out);
  } else {
    char text[32];
    out.append(text, std::to_chars(text, text + sizeof(text), value).ptr);
  }
}

void AppendJsonNumbers(const float* values, int n, std::string& out) {
  out.push_back('[');
  for (int i = 0; i < n; ++i) {
    if (i > 0) out.push_back(',');
    AppendNumber(values[i], "null", out);
  }
  out.push_back(']');
}

// Appends ",x" for each number x.
void AppendCsvNumbers(const float* values, int64_t n, std::string& out) {
  for (int64_t i = 0; i < n; ++i) {
    out.push_back(',');
    AppendNumber(values[i], "", out);
  }
}

// Columns `name`.0 .. `name`.(n - 1).
void AppendCsvNames(absl::string_view name, int n, std::string& out) {
  for (int i = 0; i < n; ++i) absl::StrAppend(&out, ",", name, ".", i);
}

}  // namespace

LogFormat::LogFormat(const EnvironmentSpec& spec, Kind kind, bool with_candidates)
    : spec_(spec),
      kind_(kind),
      with_candidates_(with_candidates && spec.num_candidate_features > 0),
      num_fields_(static_cast<int>(spec.response_fields.size())),
      click_field_(ClickField(spec)) {
  for (const std::string& field : spec.response_fields) {
    for (const char c : field) {
      RECBOTS_CHECK(absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_')
          << "response field '" << field << "', want letters, digits and _";
    }
  }
}

int64_t LogFormat::num_columns() const {
  const int64_t features = spec_.num_candidate_features;
  return 13 + num_fields_ + features + spec_.num_user_features +
         (with_candidates_ ? spec_.num_candidates * features : 0);
}

std::string LogFormat::Header() const {
  if (kind_ == Kind::kJsonLines) return "";
  std::string names =
      "episode,stream,user,step,position,item,slate_propensity,item_propensity,prefix_propensity,reward,clicked,"
      "terminated,truncated";
  for (const std::string& field : spec_.response_fields) absl::StrAppend(&names, ",response.", field);
  AppendCsvNames("document", spec_.num_candidate_features, names);
  AppendCsvNames("observation", spec_.num_user_features, names);
  for (int item = 0; with_candidates_ && item < spec_.num_candidates; ++item) {
    AppendCsvNames(absl::StrCat("candidates.", item), spec_.num_candidate_features, names);
  }
  return names + "\n";
}

// All rows of a step begin and end alike: both parts are formatted once and copied to the other rows.
int LogFormat::AppendStep(const LoggedStep& step, std::string& out) const {
  const bool json = kind_ == Kind::kJsonLines;
  const size_t start = out.size();
  json ? AppendJsonStart(step, out) : AppendCsvStart(step, out);
  const size_t start_size = out.size() - start;
  if (step.slate[0] == kNoItem) {
    json ? AppendJsonRow(step, -1, out) : AppendCsvRow(step, -1, out);
    json ? AppendJsonEnd(step, out) : AppendCsvEnd(step, out);
    return 1;
  }
  size_t end = 0;
  size_t end_size = 0;
  int position = 0;
  for (; position < spec_.slate_size && step.slate[position] != kNoItem; ++position) {
    if (position > 0) out.append(out, start, start_size);
    json ? AppendJsonRow(step, position, out) : AppendCsvRow(step, position, out);
    if (position > 0) {
      out.append(out, end, end_size);
      continue;
    }
    end = out.size();
    json ? AppendJsonEnd(step, out) : AppendCsvEnd(step, out);
    end_size = out.size() - end;
  }
  return position;
}

int LogFormat::Clicked(const LoggedStep& step, int position) const {
  if (click_field_ < 0 || position < 0) return -1;
  return step.response[position * num_fields_ + click_field_] != 0 ? 1 : 0;
}

void LogFormat::AppendJsonStart(const LoggedStep& step, std::string& out) const {
  Append("{\"episode\":", out);
  AppendInteger(step.episode, out);
  Append(",\"stream\":", out);
  AppendInteger(step.stream, out);
  Append(",\"user\":", out);
  AppendInteger(step.user, out);
  Append(",\"step\":", out);
  AppendInteger(step.step, out);
  Append(",\"slate_propensity\":", out);
  AppendNumber(step.slate_propensity, "null", out);
  Append(",\"reward\":", out);
  AppendNumber(step.reward, "null", out);
  Append(step.terminated ? ",\"terminated\":true" : ",\"terminated\":false", out);
  Append(step.truncated ? ",\"truncated\":true" : ",\"truncated\":false", out);
}

void LogFormat::AppendJsonRow(const LoggedStep& step, int position, std::string& out) const {
  if (position < 0) {
    Append(
        ",\"position\":null,\"item\":null,\"item_propensity\":null,\"prefix_propensity\":null,\"clicked\":null,"
        "\"response\":null",
        out);
    if (spec_.num_candidate_features > 0) Append(",\"document\":null", out);
    return;
  }
  const int32_t item = step.slate[position];
  Append(",\"position\":", out);
  AppendInteger(position, out);
  Append(",\"item\":", out);
  AppendInteger(item, out);
  Append(",\"item_propensity\":", out);
  AppendNumber(step.item_propensity[position], "null", out);
  Append(",\"prefix_propensity\":", out);
  AppendNumber(step.prefix_propensity[position], "null", out);
  const int clicked = Clicked(step, position);
  Append(clicked < 0 ? ",\"clicked\":null" : clicked == 1 ? ",\"clicked\":true" : ",\"clicked\":false", out);
  Append(",\"response\":{", out);
  for (int field = 0; field < num_fields_; ++field) {
    Append(field > 0 ? ",\"" : "\"", out);
    out.append(spec_.response_fields[static_cast<size_t>(field)]);
    Append("\":", out);
    AppendNumber(step.response[position * num_fields_ + field], "null", out);
  }
  out.push_back('}');
  if (spec_.num_candidate_features == 0) return;
  Append(",\"document\":", out);
  AppendJsonNumbers(step.candidates + int64_t{item} * spec_.num_candidate_features, spec_.num_candidate_features, out);
}

void LogFormat::AppendJsonEnd(const LoggedStep& step, std::string& out) const {
  if (spec_.num_user_features > 0) {
    Append(",\"observation\":", out);
    AppendJsonNumbers(step.observation, spec_.num_user_features, out);
  }
  if (with_candidates_) {
    Append(",\"candidates\":[", out);
    for (int item = 0; item < spec_.num_candidates; ++item) {
      if (item > 0) out.push_back(',');
      AppendJsonNumbers(step.candidates + int64_t{item} * spec_.num_candidate_features, spec_.num_candidate_features,
                        out);
    }
    out.push_back(']');
  }
  Append("}\n", out);
}

void LogFormat::AppendCsvStart(const LoggedStep& step, std::string& out) const {
  AppendInteger(step.episode, out);
  out.push_back(',');
  AppendInteger(step.stream, out);
  out.push_back(',');
  AppendInteger(step.user, out);
  out.push_back(',');
  AppendInteger(step.step, out);
}

void LogFormat::AppendCsvRow(const LoggedStep& step, int position, std::string& out) const {
  out.push_back(',');
  if (position >= 0) AppendInteger(position, out);
  out.push_back(',');
  if (position >= 0) AppendInteger(step.slate[position], out);
  AppendCsvNumbers(&step.slate_propensity, 1, out);
  out.push_back(',');
  if (position >= 0) AppendNumber(step.item_propensity[position], "", out);
  out.push_back(',');
  if (position >= 0) AppendNumber(step.prefix_propensity[position], "", out);
  AppendCsvNumbers(&step.reward, 1, out);
  const int clicked = Clicked(step, position);
  Append(clicked < 0 ? "," : clicked == 1 ? ",1" : ",0", out);
  Append(step.terminated ? ",1" : ",0", out);
  Append(step.truncated ? ",1" : ",0", out);
  if (position < 0) {
    out.append(static_cast<size_t>(num_fields_ + spec_.num_candidate_features), ',');
    return;
  }
  AppendCsvNumbers(step.response + position * num_fields_, num_fields_, out);
  if (spec_.num_candidate_features == 0) return;
  AppendCsvNumbers(step.candidates + int64_t{step.slate[position]} * spec_.num_candidate_features,
                   spec_.num_candidate_features, out);
}

void LogFormat::AppendCsvEnd(const LoggedStep& step, std::string& out) const {
  AppendCsvNumbers(step.observation, spec_.num_user_features, out);
  if (with_candidates_) {
    AppendCsvNumbers(step.candidates, int64_t{spec_.num_candidates} * spec_.num_candidate_features, out);
  }
  out.push_back('\n');
}

}  // namespace recbots
