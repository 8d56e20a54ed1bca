#include "deploy/cli/inspect/inspect_checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "common/base/instant.h"
#include "common/base/row_json.h"
#include "deploy/cli/inspect/dump_rows.h"
#include "replay/checkpoint/checkpointer.h"
#include "tests/replay/checkpoint/test_folder.h"
#include "tests/replay/checkpoint/test_store.h"

namespace recbots {
namespace {

using replay::AllRows;
using replay::Checkpointer;
using replay::MakeTestStore;
using replay::TestRow;
using testing::HasSubstr;
using testing::Not;

TEST(AppendRowJsonTest, NumbersAndNestedArraysComeBackToTheLastBit) {
  const auto schema = RowSchema::Create(
      {{"small", DType::kInt32, {}}, {"large", DType::kInt64, {2}}, {"matrix", DType::kFloat32, {2, 3}}});
  ASSERT_TRUE(schema.ok());
  struct Row {
    int32_t small = -5;
    int64_t large[2] = {std::numeric_limits<int64_t>::min(), 7};
    float matrix[6] = {0.1F, -1e-38F, 3.4e38F, std::numeric_limits<float>::infinity(), NAN, -0.0F};
  } row;
  ASSERT_EQ(sizeof(Row), schema->row_bytes());
  std::string text;
  AppendRowJson(*schema, reinterpret_cast<const char*>(&row), text);
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["small"], -5);
  EXPECT_EQ(json["large"][0].get<int64_t>(), row.large[0]);
  EXPECT_EQ(json["matrix"].size(), 2u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(json["matrix"][0][i].get<float>(), row.matrix[i]);
  EXPECT_TRUE(json["matrix"][1][0].is_null() && json["matrix"][1][1].is_null());
  EXPECT_EQ(json["matrix"][1][2].get<float>(), 0.0F);
}

class InspectCheckpointTest : public testing::Test {
 protected:
  InspectCheckpointTest() {
    auto checkpointer =
        Checkpointer::Open({.directory = directory_.path(), .interval = absl::ZeroDuration()}, store_.get());
    RECBOTS_CHECK_OK(checkpointer.status());
    checkpointer_ = *std::move(checkpointer);
  }
  void Write(uint32_t operations) {
    for (const uint32_t end = next_ + operations; next_ < end; ++next_) driver_.Do(next_);
    ASSERT_TRUE(checkpointer_->Checkpoint(Instant::Now() + absl::Seconds(60)).ok());
  }
  absl::Status Inspect(int64_t dump_rows = 0, const std::string& table = "") {
    std::ostringstream out;
    const absl::Status status = InspectCheckpoint(directory_.path(), dump_rows, table, out);
    text_ = out.str();
    return status;
  }
  // The rows that were dumped.
  std::vector<TestRow> Rows() {
    std::vector<TestRow> rows;
    std::istringstream lines(text_);
    for (std::string line; std::getline(lines, line);) {
      const auto json = nlohmann::json::parse(line);
      TestRow row{json["writer"], json["sequence"], {}};
      for (size_t i = 0; i < 4; ++i) row.payload[i] = json["payload"][i];
      rows.push_back(row);
    }
    return rows;
  }

  replay::TestFolder directory_;
  std::unique_ptr<replay::Store> store_ = MakeTestStore(replay::ThreeTables(2000, /*max_times_sampled=*/2));
  std::unique_ptr<Checkpointer> checkpointer_;
  replay::Driver driver_{store_.get()};
  uint32_t next_ = 0;
  std::string text_;
};

TEST_F(InspectCheckpointTest, SaysWhatIsThere) {
  Write(300);
  Write(300);
  ASSERT_TRUE(Inspect().ok());
  for (const char* part :
       {"2 checkpoints, a server uses it", "manifest-000000000002", "this one would be restored", "3 tables",
        "checkpoint 2 of store", "table transitions", "table oldest", "table best", "writer int64",
        "sampler prioritized", "remover lowest_priority", "max_times_sampled 2", "counters: inserted", "writers: 3",
        "was open", "segments, 1 of arrays", "since checkpoint 1:"}) {
    EXPECT_THAT(text_, HasSubstr(part));
  }
  EXPECT_THAT(text_, Not(HasSubstr("DOES NOT CHECK")));
  checkpointer_.reset();
  ASSERT_TRUE(Inspect(0, "best").ok());
  EXPECT_THAT(text_, HasSubstr("no server uses it"));
  EXPECT_THAT(text_, Not(HasSubstr("table oldest")));
  EXPECT_TRUE(absl::IsNotFound(Inspect(0, "worst")));
}

TEST_F(InspectCheckpointTest, NamesEveryFileThatDoesNotCheck) {
  Write(300);
  Write(300);
  replay::WriteText(directory_ / "shard-0/notes.txt", "foreign");
  for (const auto& [name, content] : replay::FilesIn(directory_ / "shard-0")) {
    if (name.rfind("arrays-001-000000000002", 0) != 0) continue;
    replay::WriteText(directory_ / "shard-0/" + name, content.substr(0, 100));
  }
  ASSERT_TRUE(Inspect().ok());
  EXPECT_THAT(text_, HasSubstr("DOES NOT CHECK: "));
  EXPECT_THAT(text_, HasSubstr("checkpoint 1 of store"));
  EXPECT_THAT(text_, HasSubstr("1 files or directories of others"));

  replay::WriteText(directory_ / "shard-0/manifest-000000000001", "");
  EXPECT_TRUE(absl::IsDataLoss(Inspect()));
  EXPECT_THAT(text_, HasSubstr("manifest-000000000001"));
  EXPECT_TRUE(absl::IsDataLoss(Inspect(5)));
}

TEST_F(InspectCheckpointTest, DumpsTheNewestRows) {
  Write(600);
  for (const auto& table : store_->tables()) {
    driver_.AcknowledgeAll();
    Write(0);
    std::vector<TestRow> rows = AllRows(*table);
    ASSERT_TRUE(Inspect(-1, table->name()).ok());
    EXPECT_EQ(Rows(), rows) << table->name();
    ASSERT_TRUE(Inspect(1'000'000'000'000, table->name()).ok());
    EXPECT_EQ(Rows(), rows) << table->name();
    rows.erase(rows.begin(), rows.end() - 7);
    ASSERT_TRUE(Inspect(7, table->name()).ok());
    EXPECT_EQ(Rows(), rows) << table->name();
  }
  EXPECT_TRUE(absl::IsNotFound(Inspect(7, "worst")));
}

TEST_F(InspectCheckpointTest, AnEmptyTableHasNoRows) {
  Write(0);
  ASSERT_TRUE(Inspect(-1).ok());
  EXPECT_EQ(text_, "");
  ASSERT_TRUE(Inspect().ok());
  EXPECT_THAT(text_, HasSubstr("rows: 0 in 2000 slots"));
}

TEST_F(InspectCheckpointTest, SaysWhereToLook) {
  Write(10);
  auto second = MakeTestStore(replay::ThreeTables(100));
  const auto other =
      Checkpointer::Open({.directory = directory_.path(), .interval = absl::ZeroDuration()}, second.get());
  ASSERT_TRUE(other.ok());
  ASSERT_TRUE(Inspect().ok());
  EXPECT_THAT(text_, HasSubstr("shard-1: 0 checkpoints"));
  const absl::Status rows_of_both = Inspect(1);
  EXPECT_TRUE(absl::IsInvalidArgument(rows_of_both));
  EXPECT_THAT(std::string(rows_of_both.message()), HasSubstr("shard-1"));
  std::ostringstream out;
  EXPECT_TRUE(InspectCheckpoint(directory_ / "shard-0", 1, "", out).ok());
  EXPECT_TRUE(absl::IsNotFound(InspectCheckpoint(directory_ / "nowhere", 0, "", out)));
  std::filesystem::create_directory(directory_ / "empty");
  EXPECT_TRUE(absl::IsNotFound(InspectCheckpoint(directory_ / "empty", 0, "", out)));
}

}  // namespace
}  // namespace recbots
