#include "actor/scenarios/document_browsing/acceptance_matrix.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

absl::Status Invalid(absl::string_view what, absl::string_view message) {
  return absl::InvalidArgumentError(absl::StrCat(what, ": ", message));
}

absl::Status AppendRow(absl::string_view what, const nlohmann::json& row, size_t index, size_t num_documents,
                       std::vector<double>* acceptance) {
  if (!row.is_array()) return Invalid(what, absl::StrCat("W[", index, "] is a ", row.type_name(), ", want a list"));
  if (row.size() != num_documents) {
    return Invalid(what, absl::StrCat("W[", index, "] has ", row.size(), " numbers, want ", num_documents));
  }
  for (const nlohmann::json& element : row) {
    if (!element.is_number()) {
      return Invalid(what, absl::StrCat("W[", index, "][", acceptance->size() % num_documents, "] is a ",
                                        element.type_name(), ", want a number in 0..1"));
    }
    acceptance->push_back(element.get<double>());
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateAcceptance(absl::string_view what, absl::Span<const double> acceptance, int num_documents) {
  const auto n = static_cast<size_t>(num_documents);
  if (acceptance.size() != n * n) {
    return Invalid(what, absl::StrCat(acceptance.size(), " numbers, want ", n, " x ", n, " = ", n * n));
  }
  for (size_t i = 0; i < acceptance.size(); ++i) {
    if (acceptance[i] >= 0 && acceptance[i] <= 1) continue;  // False for NaN.
    return Invalid(what, absl::StrCat("W[", i / n, "][", i % n, "] is ", acceptance[i], ", want 0..1"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<double>> ParseAcceptance(absl::string_view what, const std::string& json,
                                                    int num_documents) {
  const nlohmann::json parsed = nlohmann::json::parse(json, /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) return Invalid(what, "not JSON, want an object with a field \"W\"");
  if (!parsed.is_object() || !parsed.contains("W") || !parsed["W"].is_array()) {
    return Invalid(what, "no list \"W\", want an object with a field \"W\", a list of rows");
  }
  const nlohmann::json& rows = parsed["W"];
  const auto n = static_cast<size_t>(num_documents);
  if (rows.size() != n) {
    const size_t columns = !rows.empty() && rows[0].is_array() ? rows[0].size() : 0;
    return Invalid(what, absl::StrCat("W is ", rows.size(), "x", columns, ", want ", n, "x", n));
  }
  std::vector<double> acceptance;
  acceptance.reserve(n * n);
  for (size_t i = 0; i < n; ++i) RECBOTS_RETURN_IF_ERROR(AppendRow(what, rows[i], i, n, &acceptance));
  RECBOTS_RETURN_IF_ERROR(ValidateAcceptance(what, acceptance, num_documents));
  return acceptance;
}

absl::StatusOr<std::vector<double>> ReadAcceptanceFile(const std::string& path, int num_documents) {
  const std::string what = absl::StrCat("matrix_file ", path);
  const auto unreadable = [&what](absl::string_view why) {
    return absl::NotFoundError(absl::StrCat(what, ": cannot be read, want a JSON file with a field \"W\": ", why));
  };
  // Not from a pipe: other parts of the program read the file again.
  std::error_code error;
  const bool exists = std::filesystem::exists(path, error);
  if (exists && !std::filesystem::is_regular_file(path, error)) return unreadable("it is not a regular file");
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return unreadable(text.status().message());
  return ParseAcceptance(what, *text, num_documents);
}

std::vector<double> GenerateAcceptance(int num_documents, double exit_probability_accepted,
                                       double exit_probability_refused, uint64_t seed) {
  const auto n = static_cast<uint32_t>(num_documents);
  // One position per row and one for the permutation: each needs far fewer draws than a position has.
  std::vector<uint32_t> columns(n);
  std::iota(columns.begin(), columns.end(), 0U);
  Rng shuffle(seed, Purpose::kScenario, {.stream = n});
  for (uint32_t i = n - 1; i > 0; --i) std::swap(columns[i], columns[shuffle.Index(i + 1)]);

  std::vector<double> acceptance(size_t{n} * n);
  for (uint32_t i = 0; i < n; ++i) {
    Rng rng(seed, Purpose::kScenario, {.stream = i});
    for (uint32_t j = 0; j < n; ++j) {
      acceptance[size_t{i} * n + columns[j]] =
          i == j ? rng.Uniform(1.0 - exit_probability_accepted, 1.0) : rng.Uniform(0.0, exit_probability_refused);
    }
  }
  return acceptance;
}

}  // namespace recbots
