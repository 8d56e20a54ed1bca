#include "common/log/row_reader.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "common/log/json_rows.h"

namespace recbots {
namespace {

class DelimitedRows final : public RowReader {
 public:
  DelimitedRows(std::string name, TextLines lines, char separator)
      : RowReader(std::move(name), std::move(lines)), separator_(separator) {}

  absl::Status ReadNames(absl::string_view line) {
    RECBOTS_RETURN_IF_ERROR(Split(line));
    for (const absl::string_view cell : values_) {
      const absl::string_view column = absl::StripAsciiWhitespace(cell);
      for (const std::string& other : names_) {
        if (other == column && !column.empty()) return Error(absl::StrCat("column '", column, "' is named twice"));
      }
      names_.emplace_back(column);
    }
    if (names_.size() == 1 && names_[0].empty()) return Error("want a line of column names, or a JSON object");
    return absl::OkStatus();
  }

  absl::StatusOr<bool> Next() override {
    absl::string_view line;
    do {
      RECBOTS_ASSIGN_OR_RETURN(const bool found, lines_.Next(line));
      if (!found) return false;
    } while (line.empty());
    RECBOTS_RETURN_IF_ERROR(Split(line));
    if (values_.size() != names_.size()) {
      return Error(absl::StrCat(values_.size(), " cells, want ", names_.size(), " as in the line of names"));
    }
    return true;
  }

 private:
  absl::Status Split(absl::string_view line) {
    values_.clear();
    unquoted_.clear();
    unquoted_.reserve(line.size());  // Cells without their quotes do not outgrow it, so views into it stay valid.
    size_t at = 0;
    while (true) {
      if (values_.size() == kMaxColumns) return Error(absl::StrCat("more than ", kMaxColumns, " cells"));
      if (separator_ == ',' && at < line.size() && line[at] == '"') {
        RECBOTS_RETURN_IF_ERROR(TakeQuoted(line, at));
      } else {
        const size_t stop = std::min(line.find(separator_, at), line.size());
        const absl::string_view cell = line.substr(at, stop - at);
        values_.push_back(cell.empty() ? absl::string_view() : cell);
        at = stop;
      }
      if (at == line.size()) return absl::OkStatus();
      ++at;  // The separator.
    }
  }

  // `at` is at the opening quote; moves it behind the closing one.
  absl::Status TakeQuoted(absl::string_view line, size_t& at) {
    const size_t start = unquoted_.size();
    for (++at; at < line.size(); ++at) {
      if (line[at] == '"' && (at + 1 == line.size() || line[at + 1] != '"')) {
        ++at;
        if (at < line.size() && line[at] != separator_) {
          return Error(absl::StrCat("cell ", values_.size() + 1, " goes on behind its closing quote"));
        }
        values_.emplace_back(unquoted_.data() + start, unquoted_.size() - start);
        return absl::OkStatus();
      }
      at += line[at] == '"';  // Two quotes stand for one.
      unquoted_.push_back(line[at]);
    }
    return Error(absl::StrCat("cell ", values_.size() + 1, " has an opening quote and no closing one on its line"));
  }

  const char separator_;
  std::string unquoted_;
};

}  // namespace

absl::Status RowReader::Error(absl::string_view what) const {
  return absl::InvalidArgumentError(absl::StrCat(name_, ":", line(), ": ", what));
}

absl::StatusOr<std::unique_ptr<RowReader>> RowReader::Create(std::string name, std::unique_ptr<ByteStream> stream) {
  TextLines lines(std::move(stream));
  absl::string_view first;
  do {
    RECBOTS_ASSIGN_OR_RETURN(const bool found, lines.Next(first));
    if (!found) return absl::InvalidArgumentError(absl::StrCat(name, ": there are no rows"));
  } while (first.empty());
  if (absl::StartsWith(absl::StripLeadingAsciiWhitespace(first), "{")) {
    return MakeJsonRows(std::move(name), std::move(lines), std::string(first));
  }
  const char separator = absl::StrContains(first, '\t') ? '\t' : ',';
  const std::string names(first);  // Moving the lines may move what the view sees.
  auto rows = std::make_unique<DelimitedRows>(std::move(name), std::move(lines), separator);
  RECBOTS_RETURN_IF_ERROR(rows->ReadNames(names));
  return rows;
}

}  // namespace recbots
