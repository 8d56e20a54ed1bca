#include "actor/simulate/impression_log.h"

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "actor/simulate/gzip.h"
#include "common/base/status_macros.h"

namespace recbots {

absl::StatusOr<std::unique_ptr<ImpressionLog>> ImpressionLog::Create(const std::string& path,
                                                                     const EnvironmentSpec& spec,
                                                                     bool with_candidates) {
  absl::string_view name = path;
  const bool gzip = absl::ConsumeSuffix(&name, ".gz");
  const bool csv = absl::EndsWith(name, ".csv");
  if (!csv && !absl::EndsWith(name, ".jsonl")) {
    return absl::InvalidArgumentError(
        absl::StrCat("log '", path, "', want a name that ends in .jsonl, .csv, .jsonl.gz or .csv.gz"));
  }
  LogFormat format(spec, csv ? LogFormat::Kind::kCsv : LogFormat::Kind::kJsonLines, with_candidates);
  RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<FileWriter> file, FileWriter::Create(path));
  return absl::WrapUnique(new ImpressionLog(std::move(format), gzip, std::move(file)));
}

ImpressionLog::ImpressionLog(LogFormat format, bool gzip, std::unique_ptr<FileWriter> file)
    : format_(std::move(format)), gzip_(gzip), file_(std::move(file)) {}

absl::Status ImpressionLog::Append(absl::string_view block, int64_t rows) {
  RECBOTS_RETURN_IF_ERROR(WriteHeader());
  rows_ += rows;
  return file_->Write(block);
}

absl::Status ImpressionLog::Finish() {
  RECBOTS_RETURN_IF_ERROR(WriteHeader());
  return file_->Finish();
}

// Writes the header once. A gzip log without header gets an empty member, so that even without rows it is a gzip file.
absl::Status ImpressionLog::WriteHeader() {
  if (header_written_) return absl::OkStatus();
  header_written_ = true;
  const std::string header = format_.Header();
  if (!gzip_) return file_->Write(header);
  std::string member;
  GzipCompressor().Compress(header, member);
  return file_->Write(member);
}

}  // namespace recbots
