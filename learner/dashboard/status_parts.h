// Parts of the status page (dashboard.h) that have a form of their own.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "learner/run/status_line.h"
#include "recbots/v1/replay.pb.h"

namespace recbots {

// What a shard of replay says of its tables.
struct ShardTables {
  std::string shard;  // Its address.
  v1::InfoResponse info;
};

// {"up_to": bounds, "counts": counts, one more than there are bounds}
nlohmann::ordered_json LagJson(const LagHistogram& histogram);

// A list of objects, one for each table of each shard.
nlohmann::ordered_json TablesJson(const std::vector<ShardTables>& shards);

}  // namespace recbots
