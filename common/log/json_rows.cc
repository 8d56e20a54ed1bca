#include "common/log/json_rows.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/log/json_scanner.h"

namespace recbots {
namespace {

constexpr int kMaxDepth = 8;
// An empty string, which is not missing.
constexpr char kEmpty[] = "";

class JsonRows final : public RowReader {
 public:
  JsonRows(std::string name, TextLines lines, std::string first)
      : RowReader(std::move(name), std::move(lines)), first_(std::move(first)) {}

  absl::StatusOr<bool> Next() override {
    absl::string_view line = first_;
    if (started_) {
      do {
        RECBOTS_ASSIGN_OR_RETURN(const bool found, lines_.Next(line));
        if (!found) return false;
      } while (line.empty());
    }
    started_ = true;
    std::fill(values_.begin(), values_.end(), absl::string_view());
    decoded_.clear();
    decoded_.reserve(line.size() * 3);  // An escape of 6 bytes becomes 3 at most, so views into it stay valid.
    given_.assign(names_.size(), 0);
    path_.clear();
    next_ = 0;
    JsonScanner scanner(line);
    if (scanner.Peek() != '{') return Error("want a JSON object");
    const absl::Status status = TakeObject(scanner, 0);
    if (!status.ok()) return status;
    if (!scanner.AtEnd())
      return Error(
          absl::StrCat("want one JSON object a line, and column ", scanner.at() + 1, " begins something else"));
    return true;
  }

 private:
  absl::Status Fault(JsonScanner& scanner) const {
    return Error(absl::StrCat("no JSON from column ", scanner.at() + 1, " on",
                              path_.empty() ? "" : absl::StrCat(", in '", path_, "'")));
  }

  absl::Status TakeObject(JsonScanner& scanner, int depth) {
    if (!scanner.Take('{')) return Fault(scanner);
    if (scanner.Take('}')) return absl::OkStatus();
    const size_t outer = path_.size();
    do {
      absl::string_view key;
      if (!scanner.TakeString(decoded_, key) || !scanner.Take(':')) return Fault(scanner);
      if (outer > 0) path_.push_back('.');
      path_.append(key.data(), key.size());
      RECBOTS_RETURN_IF_ERROR(TakeValue(scanner, depth));
      path_.resize(outer);
    } while (scanner.Take(','));
    return scanner.Take('}') ? absl::OkStatus() : Fault(scanner);
  }

  absl::Status TakeList(JsonScanner& scanner, int depth) {
    if (!scanner.Take('[')) return Fault(scanner);
    if (scanner.Take(']')) return absl::OkStatus();
    const size_t outer = path_.size();
    size_t index = 0;
    do {
      absl::StrAppend(&path_, ".", index++);
      RECBOTS_RETURN_IF_ERROR(TakeValue(scanner, depth));
      path_.resize(outer);
    } while (scanner.Take(','));
    return scanner.Take(']') ? absl::OkStatus() : Fault(scanner);
  }

  absl::Status TakeValue(JsonScanner& scanner, int depth) {
    const char next = scanner.Peek();
    if (next == '{' || next == '[') {
      if (depth == kMaxDepth) return Error(absl::StrCat("'", path_, "' lies deeper than ", kMaxDepth, " levels"));
      return next == '{' ? TakeObject(scanner, depth + 1) : TakeList(scanner, depth + 1);
    }
    absl::string_view value;
    const bool is_text = next == '"';
    if (!(is_text ? scanner.TakeString(decoded_, value) : scanner.TakeScalar(value))) return Fault(scanner);
    if (is_text && value.empty()) value = absl::string_view(kEmpty, 0);
    if (!is_text && value == "null") value = absl::string_view();
    return SetValue(value);
  }

  // Rows name their fields in the same order, most of the time.
  absl::Status SetValue(absl::string_view value) {
    if (next_ >= names_.size() || names_[next_] != path_) {
      const auto found = index_.find(path_);
      if (found == index_.end()) {
        if (names_.size() == kMaxColumns) return Error(absl::StrCat("more than ", kMaxColumns, " columns so far"));
        next_ = names_.size();
        index_.emplace(path_, next_);
        names_.push_back(path_);
        values_.emplace_back();
        given_.push_back(0);
      } else {
        next_ = found->second;
      }
    }
    if (given_[next_] != 0) return Error(absl::StrCat("'", path_, "' is named twice"));
    given_[next_] = 1;
    values_[next_++] = value;
    return absl::OkStatus();
  }

  const std::string first_;
  bool started_ = false;
  absl::flat_hash_map<std::string, size_t> index_;  // Of names_.
  std::vector<uint8_t> given_;                      // Whether the row has named the column.
  std::string path_;                                // Of the value that is being read.
  std::string decoded_;                             // Strings of the row that have escapes.
  size_t next_ = 0;                                 // The column that comes next if this row is like the last one.
};

}  // namespace

std::unique_ptr<RowReader> MakeJsonRows(std::string name, TextLines lines, std::string first) {
  return std::make_unique<JsonRows>(std::move(name), std::move(lines), std::move(first));
}

}  // namespace recbots
