#include <zstd.h>

#include <algorithm>

#include "common/base/log.h"
#include "common/log/read_log.h"
#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/fuzz_targets.h"

namespace recbots::replay {
namespace {

// What a log that was accepted promises.
void CheckLog(const InteractionLog& log) {
  const size_t rows = log.num_rows();
  RECBOTS_CHECK(rows > 0 && log.num_slates() > 0 && log.num_sessions() > 0);
  RECBOTS_CHECK(log.slate_begin.front() == 0 && log.slate_begin.back() == static_cast<int64_t>(rows));
  RECBOTS_CHECK(log.session_begin.front() == 0 && log.session_begin.back() == static_cast<int64_t>(log.num_slates()));
  for (const std::vector<int64_t>* begin : {&log.slate_begin, &log.session_begin}) {
    for (size_t i = 1; i < begin->size(); ++i) RECBOTS_CHECK((*begin)[i] > (*begin)[i - 1]) << "nothing in one of them";
  }
  RECBOTS_CHECK(log.step.size() == log.num_slates() && log.session_end.size() == log.num_sessions());
  RECBOTS_CHECK(log.position.size() == rows && log.clicked.size() == rows && log.reward.size() == rows);
  for (const std::vector<double>* column :
       {&log.slate_propensity, &log.item_propensity, &log.prefix_propensity, &log.evaluation_slate,
        &log.evaluation_item, &log.evaluation_prefix, &log.q_hat, &log.evaluation_q_hat}) {
    RECBOTS_CHECK(column->empty() || column->size() == rows);
  }
  for (const double propensity : log.item_propensity) RECBOTS_CHECK(!(propensity <= 0 || propensity > 1.001));
  for (size_t row = 0; row < rows; ++row) {
    RECBOTS_CHECK(log.item[row] >= -1 && log.item[row] < log.items.size());
    RECBOTS_CHECK(log.position[row] >= -1);
  }
  const LogFeatures& features = log.features;
  const size_t width = features.num_user_features + features.num_candidates * features.num_candidate_features;
  for (const int32_t block : features.block) {
    RECBOTS_CHECK(block >= 0 && (static_cast<size_t>(block) + 1) * width <= features.blocks.size());
  }
}

}  // namespace

void FuzzLog(absl::string_view bytes) {
  ByteSource source(bytes);
  const auto kind = source.Take<uint8_t>();
  LogOptions options;
  options.keep_features = (kind & 1) != 0;
  if ((kind & 2) != 0) options.session_gap = absl::Seconds(10);
  if ((kind & 4) != 0) options.list_separator = '|';
  if ((kind & 8) != 0) options.reward = {{0.5, "clicked"}, {2, "watch"}};
  const auto log = ReadLog("fuzz", ByteStream::Of(std::string(source.rest())), options);
  if (log.ok()) CheckLog(*log);
}

std::vector<std::string> LogSeeds() {
  const std::string csv =
      "session,step,position,item,clicked,item_propensity,terminated,response.watch\n"
      "s,0,0,\"a\"\"b\",0,0.5,0,\ns,0,1,b,1,0.25,0,3\ns,1,0,c,0,0.5,1,\n";
  const std::string json =
      "{\"episode\":0,\"user\":1,\"step\":0,\"position\":0,\"item\":\"\\u00e9\",\"clicked\":true,\"slate_propensity\":"
      "0.5,"
      "\"response\":{\"watch\":2},\"observation\":[0.5],\"candidates\":[[1],[2]]}\n"
      "{\"episode\":0,\"user\":1,\"step\":1,\"position\":null,\"item\":null,\"clicked\":null,\"truncated\":true,"
      "\"reward\":0,\"observation\":[0.5]}\n";
  const std::string gaps = "user\ttimestamp\titem\tclicked\nu\t2019-11-24T00:01:03Z\ta\t0\nu\t1574553700\tb\t1\n";
  std::string zstd(ZSTD_compressBound(csv.size()), '\0');
  zstd.resize(ZSTD_compress(zstd.data(), zstd.size(), csv.data(), csv.size(), 1));
  return {std::string(1, '\0') + csv,
          '\x09' + csv,
          '\x01' + json,
          '\x02' + gaps,
          std::string(1, '\0') + zstd,
          "\x04"
          "session,item,clicked\ns,a|b|c,0|1|0\n"};
}

}  // namespace recbots::replay
