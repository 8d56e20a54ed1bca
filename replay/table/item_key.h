// The key by which clients name a row: 64 bits, shard (8) | generation (24) | slot (32).
//
// A slot's generation grows with every new row in the slot, so that one comparison, without a map, recognises the key
// of a row that is gone. The generations of a new table begin at a random number, so that keys of an earlier table at
// the same address do not match either (except with probability 2^-24). Tables leave the shard 0; readers set it.
#pragma once

#include <cstdint>

namespace recbots::replay {

using ItemKey = uint64_t;

inline constexpr uint32_t kMaxGeneration = (uint32_t{1} << 24) - 1;
inline constexpr int kMaxShards = 256;

constexpr ItemKey MakeKey(uint32_t generation, uint32_t slot) { return uint64_t{generation} << 32 | slot; }
constexpr uint32_t SlotOf(ItemKey key) { return static_cast<uint32_t>(key); }
constexpr uint32_t GenerationOf(ItemKey key) { return static_cast<uint32_t>(key >> 32) & kMaxGeneration; }

constexpr int ShardOf(ItemKey key) { return static_cast<int>(key >> 56); }
constexpr ItemKey WithShard(ItemKey key, int shard) { return (key & ~(uint64_t{0xFF} << 56)) | uint64_t(shard) << 56; }

}  // namespace recbots::replay
