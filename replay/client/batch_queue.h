// The batches that a learner has ordered, in sequence, and the shards from which their rows come.
//
// Each batch is split over the shards by a multinomial draw in proportion to their newest total weights, so that the
// probability of a row (that of its shard x that of the row there) is its share of all weight. Rows whose shard went
// away are drawn again from the other shards. With one shard nothing is drawn: a batch is one part. The first order of
// every stream asks for the table's state, so that what the table counted before this run is told apart from what it
// counts from now on.
//
// A shard answers orders in sequence, and parts are acknowledged in the same sequence; at most batches_in_flight parts
// of a shard are ordered and not yet acknowledged. A part is acknowledged once its batch is used, that is, when the
// learner has taken the batch and asks for the next one.
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

  // Returns the ordinal of a new shard, the lowest that is free. It has no stream yet. Requires num_shards() <
  // kMaxShards.
  int AddShard();
  // Requires !open(shard).
  void RemoveShard(int shard);
  int num_shards() const { return num_shards_; }

  // A stream to the shard began.
  void Open(int shard);
  // The stream ended: rows ordered on it are lost, and will be ordered again, unless their batch was taken.
  void Close(int shard);
  bool open(int shard) const { return At(shard).open; }
  // Whether the shard has told its table's state on this stream.
  bool heard(int shard) const { return At(shard).state.has_value(); }
  // Orders nothing from the shard before `until` as long as another shard has rows.
  void Suspend(int shard, Instant until) { At(shard).suspended_until = until; }

  // Decides from which shards the rows come that are not placed yet. True: it placed some; false: there were none, or
  // no shard is known to have rows.
  bool PlaceRows(Instant now);
  // The next order to send: a number of rows, or 0, which asks for the table's state and comes first. None: there is
  // nothing to order, or batches_in_flight parts are out.
  std::optional<int32_t> NextOrder(int shard, Instant now);
  // How many parts have been used since the stream began.
  int64_t Acknowledged(int shard);

  // Where the next part from a shard belongs; none: nothing is ordered. Stays valid until Arrived or Close.
  std::optional<PartTarget> Expected(int shard);
  // The next part from a shard has arrived completely.
  void Arrived(int shard, const v1::SampleHeader& header, Instant now);
  // The oldest batch cannot become complete, because it needs an order for which there is room only once it is taken:
  // all streams have to begin again. This happens when a shard goes away while others have delivered all they may.
  bool Stuck() const;
  // All streams are about to end: PlaceRows places nothing before they have. Then batches are whole again, and each
  // needs at most one part from a shard.
  void AwaitCloses();
  // A shard that the oldest batch has waited for during `patience`, while another one has rows and nothing to do.
  std::optional<int> Stalled(Instant now, absl::Duration patience) const;

  // The highest streams_below that tables had when they were first heard of. Returned once every shard has told its
  // state, or `patience` after the first did, and again whenever it has risen; otherwise none.
  std::optional<int64_t> NewStreams(Instant now, absl::Duration patience);

  bool ready() const { return batches_.front().missing_rows == 0; }
  // Returns the oldest batch and begins a new one in its place. Requires ready().
  SampledBatch Take();
  // Every batch taken so far has been used.
  void Use() { first_unused_ = first_batch_; }
  // Takes the memory of a batch for later ones.
  void Recycle(SampledBatch batch);

 private:
  struct Part {
    int64_t batch = 0;  // Its number; -1: the part only asks for the state.
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
    bool closing = false;      // PlaceRows waits until the stream has ended.
    bool asked_state = false;  // An order for the state is not yet answered.
    uint64_t weight = 0;       // The newest total weight; 0: no rows, or not known.
    std::optional<v1::TableState> state;
    Instant heard = Instant::InfinitePast();
    Instant suspended_until = Instant::InfinitePast();
    std::deque<Part> waiting;  // Placed, not yet ordered.
    std::deque<Part> sent;     // Ordered, not yet acknowledged.
    size_t arrived = 0;        // Parts at the front that have arrived.
    int64_t acknowledged = 0;
  };
  struct Batch {
    SampledBatch result;
    bool has_memory = false;
    int32_t missing_rows = 0;
    std::vector<Range> unplaced;
    std::vector<std::pair<int, v1::TableState>> states;  // Of the tables its parts came from, when they were drawn.
    Instant touched;                                     // When rows were last placed, or arrived.
  };

  Shard& At(int shard) { return shards_[static_cast<size_t>(shard)]; }
  const Shard& At(int shard) const { return shards_[static_cast<size_t>(shard)]; }
  // nullptr: the batch was taken.
  Batch* Find(int64_t number);
  // The shard has delivered all parts it may, and not even the oldest was taken (one that is taken gets used in time).
  bool IsFull(const Shard& shard) const {
    return shard.open && shard.arrived == shard.sent.size() &&
           shard.sent.size() >= static_cast<size_t>(options_.batches_in_flight) && !Taken(shard.sent.front());
  }
  bool Taken(const Part& part) const { return part.arrived && part.batch < first_batch_; }
  bool Used(const Part& part) const { return part.arrived && part.batch < first_unused_; }
  void AddBatch();
  void GiveMemory(Batch& batch);
  void Lose(const Part& part);
  // The shards from which rows may be ordered now.
  const std::vector<int>& Candidates(Instant now);
  void Split(int64_t batch, Range range, const std::vector<int>& candidates);
  v1::TableState StateOf(const Batch& batch) const;
  void Count(const v1::TableState& state, Instant now);

  const Options options_;
  std::vector<Shard> shards_;
  int num_shards_ = 0;
  std::deque<Batch> batches_;  // batches_in_flight of them.
  int64_t first_batch_ = 0;    // The number of the oldest.
  int64_t first_unused_ = 0;   // Batches with lower numbers were used.
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
