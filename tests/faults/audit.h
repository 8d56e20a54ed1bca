// Compares what readers took with what writers say they wrote, row by row.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "tests/faults/ledger.h"

namespace recbots::faults {

// Give it the writers, then the readers in the order in which they lived; then ask. Not thread-safe.
class Audit {
 public:
  static constexpr int64_t kAllBatches = std::numeric_limits<int64_t>::max();

  // The page stays the caller's and has to be final.
  void AddWriter(const WriterPage& page);
  // Rows of the last `unsure_batches` batches of this reader may come again later (with another reader, or after
  // another batch of its own): their acknowledgement may not have reached the server when reader, server or connection
  // broke. kAllBatches: after a restart of the server, which knows nothing of what was read since its checkpoint.
  void AddReader(const std::string& name, const ReaderPage& page, int64_t unsure_batches = 0);

  // Every row came from a writer that tried to append it, whole, and none came again that must not.
  testing::AssertionResult NothingStrangeOrDoubled() const;
  // Rows 0..n-1 of this writer were read and no others, n >= at_least. The other direction is
  // NothingStrangeOrDoubled: n is at most what was attempted.
  testing::AssertionResult HoldsAPrefix(const WriterPage& page, int64_t at_least) const;
  // Exactly the rows appended, all of them.
  testing::AssertionResult HoldsAll(const WriterPage& page) const;
  // All of them but as many as the writer says were lost.
  testing::AssertionResult LossIsCounted(const WriterPage& page) const;

  // Different rows of a writer that were read.
  int64_t NumRows(const WriterPage& page) const;
  // Rows that came again and were allowed to.
  int64_t redelivered() const { return redelivered_; }

 private:
  using WriterKey = std::pair<int64_t, int64_t>;  // Writer, incarnation.
  struct LastSighting {
    int reader = -1;  // -1: never seen.
    int64_t batch = 0;
  };
  struct Writer {
    std::vector<LastSighting> rows;  // By sequence, as many as were attempted.
    int64_t distinct = 0;
  };
  struct Reader {
    std::string name;
    int64_t first_unsure_batch = 0;
  };

  void Add(const Sighting& sighting, int reader);
  void Complain(std::string what);
  std::string FirstMissing(const Writer& writer) const;

  std::map<WriterKey, Writer> writers_;
  std::vector<Reader> readers_;
  int64_t redelivered_ = 0;
  int64_t num_complaints_ = 0;
  std::vector<std::string> complaints_;  // The first of them.
};

}  // namespace recbots::faults
