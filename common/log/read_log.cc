#include "common/log/read_log.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/log/log_rows.h"
#include "common/log/order_rows.h"
#include "common/log/row_decoder.h"
#include "common/log/row_reader.h"

namespace recbots {
namespace {

absl::StatusOr<LogRows> ReadRows(RowReader& reader, const LogOptions& options) {
  RowDecoder decoder(reader, options);
  // CSV names its columns before the first row.
  if (!reader.names().empty()) RECBOTS_RETURN_IF_ERROR(decoder.CheckMapping());
  LogRows rows;
  DecodedRow row{};
  std::unique_ptr<LogRowAppender> appender;  // Made behind the first row, which tells the columns of JSON.
  while (true) {
    RECBOTS_ASSIGN_OR_RETURN(const bool found, reader.Next());
    if (!found) break;
    RECBOTS_ASSIGN_OR_RETURN(const size_t elements, decoder.NumElements());
    for (size_t index = 0; index < elements; ++index) {
      RECBOTS_RETURN_IF_ERROR(decoder.Decode(index, row));
      if (appender == nullptr) appender = std::make_unique<LogRowAppender>(options, reader, decoder, rows);
      RECBOTS_RETURN_IF_ERROR(appender->Append(row, index));
    }
  }
  if (appender == nullptr) {
    RECBOTS_RETURN_IF_ERROR(decoder.CheckMapping());
    return absl::InvalidArgumentError(reader.name() + ": there are no rows");
  }
  RECBOTS_RETURN_IF_ERROR(appender->Finish());
  return rows;
}

}  // namespace

absl::StatusOr<InteractionLog> ReadLog(const std::string& path, const LogOptions& options) {
  RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<ByteStream> stream, ByteStream::Open(path));
  return ReadLog(path == "-" ? "standard input" : path, std::move(stream), options);
}

absl::StatusOr<InteractionLog> ReadLog(const std::string& name, std::unique_ptr<ByteStream> stream,
                                       const LogOptions& options) {
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<RowReader> reader, RowReader::Create(name, std::move(stream)));
  RECBOTS_ASSIGN_OR_RETURN(LogRows rows, ReadRows(*reader, options));
  return OrderRows(std::move(rows), options.session_gap);
}

}  // namespace recbots
