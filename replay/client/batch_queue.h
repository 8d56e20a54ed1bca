// The batches a learner has ordered, in order, and from which shards their rows come.
//
// Each batch is split over the shards by a multinomial draw in proportion to their newest total weights, so that a row
// is drawn with its share of all weight, whatever shard it lies on: probability of the shard x probability there. Rows
// whose shard went away are drawn again from those that are left. With one shard all of this is nothing: a batch is one
// part. The first order of every stream asks for the table's state: what was there before it is not taken for what
// comes from now on.
//
// A shard answers orders in sequence, and takes acknowledgements in that sequence; at most batches_in_flight parts of a
// shard are ordered and not acknowledged. Parts are acknowledged once their batch was used: taken, and the learner came
// for the next one.
//
// Plain bookkeeping: knows no network and no clock. Not thread-safe: the sampler guards it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "common/base/instant.h"
#include "common/base/row_schema.h"
#include "recbots/v1/replay.pb.h"
#include "replay/client/part_reader.h"
#include "replay/table/sampled_batch.h"

namespace recbots::replay {

class BatchQueue {
 public:
  struct Options {
    std::shared_ptr<const RowSchema> schema;
    int32_t batch_size = 1;
    int32_t batches_in_flight = 1;
    uint64_t seed = 0;
    Instant began = Instant::InfinitePast();  // When counting began: see SampledCounts.
  };
  explicit BatchQueue(const Options& options);

  // A shard's ordinal, the lowest that is free; requires num_shards() < kMaxShards. Begins without a stream.
  int AddShard();
  // Requires that it has no stream.
  void RemoveShard(int shard);
  int num_shards() const { return num_shards_; }

  // A stream began; it ended: what was ordered on it and is not taken is lost.
  void Open(int shard);
  void Close(int shard);
  bool open(int shard) const { return At(shard).open; }
  // The stream has told the table's state.
  bool heard(int shard) const { return At(shard).state.has_value(); }
  // Nothing is ordered there before `until` as long as others have rows.
  void Suspend(int shard, Instant until) { At(shard).suspended_until = until; }

  // Decides where rows come from that are not ordered yet, as far as known shards have any. True: some were placed.
  bool PlaceRows(Instant now);
  // The next order to send: its number of rows, 0 to ask for the state, which comes first of all. None: nothing to
  // send, or no credit.
  std::optional<int32_t> NextOrder(int shard, Instant now);
  // Parts used since the stream began.
  int64_t Acknowledged(int shard);

  // Where the next part of a shard belongs; none: nothing is ordered. Stays valid until Arrived or Close.
  std::optional<PartTarget> Expected(int shard);
  // The next part of a shard is complete.
  void Arrived(int shard, const v1::SampleHeader& header, Instant now);
  // The oldest batch waits for credit, or for news, that only taking it would make room for: streams have to begin
  // again. That takes a shard that went away while others had delivered all they may.
  bool Stuck() const;
  // All streams are going to end: nothing is placed before they did, so that batches are then whole again, and need one
  // part of a shard at most.
  void AwaitCloses();
  // A shard for which the oldest batch has waited for `patience`, while another that has rows has nothing to do.
  std::optional<int> Stalled(Instant now, absl::Duration patience) const;

  // The highest streams_below with which tables were met, when it is time to tell it: once every shard has told its
  // state, or `patience` after the first did; then whenever it is higher than what was told.
  std::optional<int64_t> NewStreams(Instant now, absl::Duration patience);

  bool ready() const { return batches_.front().missing_rows == 0; }
  // The oldest batch; another one is wanted in its place. Requires ready().
  SampledBatch Take();
  // What was taken so far is used.
  void Use() { first_unused_ = first_batch_; }
  // Memory for later batches.
  void Recycle(SampledBatch batch);

 private:
  struct Part {
    int64_t batch = 0;  // Number; -1: none, it asks for the state.
    int32_t first_row = 0;
    int32_t num_rows = 0;
    double share = 1;
    bool arrived = false;
  };
  struct Range {
    int32_t first_row = 0;
    int32_t num_rows = 0;
  };
  struct Shard {
    bool exists = false;
    bool open = false;
    bool closing = false;      // Waited for by PlaceRows.
    bool asked_state = false;  // And not yet answered.
    uint64_t weight = 0;       // Newest; 0: none, or not known.
    std::optional<v1::TableState> state;
    Instant heard = Instant::InfinitePast();
    Instant suspended_until = Instant::InfinitePast();
    std::deque<Part> waiting;  // For credit.
    std::deque<Part> sent;     // Not acknowledged.
    size_t arrived = 0;        // Parts at the front that have arrived.
    int64_t acknowledged = 0;
  };
  struct Batch {
    SampledBatch result;
    bool has_memory = false;
    int32_t missing_rows = 0;
    std::vector<Range> unplaced;
    std::vector<std::pair<int, v1::TableState>> states;  // Of the shards it came from, at their draws.
    Instant touched;                                     // Last placed or arrived.
  };

  Shard& At(int shard) { return shards_[static_cast<size_t>(shard)]; }
  const Shard& At(int shard) const { return shards_[static_cast<size_t>(shard)]; }
  // nullptr: it was taken.
  Batch* Find(int64_t number);
  // It has delivered what it may, and none of it was taken (which would be used in time).
  bool IsFull(const Shard& shard) const {
    return shard.open && shard.arrived == shard.sent.size() &&
           shard.sent.size() >= static_cast<size_t>(options_.batches_in_flight) && !Taken(shard.sent.front());
  }
  bool Taken(const Part& part) const { return part.arrived && part.batch < first_batch_; }
  bool Used(const Part& part) const { return part.arrived && part.batch < first_unused_; }
  void AddBatch();
  void GiveMemory(Batch& batch);
  void Lose(const Part& part);
  // Shards that may be ordered from now.
  const std::vector<int>& Candidates(Instant now);
  void Split(int64_t batch, Range range, const std::vector<int>& candidates);
  v1::TableState StateOf(const Batch& batch) const;
  void Count(const v1::TableState& state, Instant now);

  const Options options_;
  std::vector<Shard> shards_;
  int num_shards_ = 0;
  std::deque<Batch> batches_;  // batches_in_flight of them.
  int64_t first_batch_ = 0;    // Number of the oldest.
  int64_t first_unused_ = 0;   // Batches before it were used.
  uint64_t draws_ = 0;
  SampledCounts run_counts_;
  absl::flat_hash_map<uint64_t, SampledCounts> seen_;  // The newest counts of each incarnation ever heard of.
  int64_t streams_below_ = 0;
  std::optional<int64_t> told_streams_;
  Instant first_heard_ = Instant::InfiniteFuture();
  std::vector<SampledBatch> spare_;
  std::vector<int> candidates_;  // Scratch.
  std::vector<int32_t> counts_;
};

}  // namespace recbots::replay
