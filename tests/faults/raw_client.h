// Speaks the wire protocol by hand, so that what our clients would never send can be sent.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "recbots/v1/replay.grpc.pb.h"
#include "tests/faults/ledger_row.h"

namespace recbots::faults {

// A channel that takes and sends messages of any size.
std::unique_ptr<v1::ReplayService::Stub> RawStub(const std::string& address);

// Rows first..first+count-1 of a writer as a block that checks.
v1::InsertBlock MakeBlock(int64_t writer, int64_t first, int64_t count, absl::Span<const float> priorities = {});

// One insert stream. Every wait ends after a minute. Not thread-safe.
class RawWriter {
 public:
  RawWriter(v1::ReplayService::Stub& stub, const v1::WriterHello& hello);

  // False: the stream is broken.
  bool Send(const v1::InsertRequest& request) { return stream_->Write(request); }
  bool Send(const v1::InsertBlock& block);
  // The next acknowledgement; one without anything in it when the stream has ended.
  v1::InsertAck Read();
  // The next acknowledgement with a refusal.
  v1::InsertAck ReadRefusal();
  // Reads until `rows` rows are acknowledged; false if the stream ended before.
  bool AwaitAcknowledged(int64_t rows);
  // Half-closes, reads what still comes, and says how the stream ended.
  grpc::Status Finish();

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::InsertRequest, v1::InsertAck>> stream_;
};

// A hello for tables of ledger rows. The id is of 16 bytes.
v1::WriterHello MakeHello(const std::string& table, int64_t writer);

// One sample stream. As above.
class RawReader {
 public:
  RawReader(v1::ReplayService::Stub& stub, const v1::SampleCredit& first);

  bool Send(const v1::SampleCredit& credit) { return stream_->Write(credit); }
  // Reads all parts of the next batch; its header, one of 0 rows when the stream ended.
  v1::SampleHeader Read();
  grpc::Status Finish();

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::SampleCredit, v1::SampleBatch>> stream_;
};

v1::SampleCredit MakeFirstCredit(const std::string& table, int max_rows, int max_batches);

}  // namespace recbots::faults
