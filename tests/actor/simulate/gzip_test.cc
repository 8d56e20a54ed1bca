#include "actor/simulate/gzip.h"

#include "common/base/random.h"
#include "tests/actor/simulate/simulate_support.h"

namespace recbots {
namespace {

class GzipTest : public testing::FolderTest {
 protected:
  std::string Decompressed(const std::string& bytes) {
    std::ofstream(Path("x.gz"), std::ios::binary) << bytes;
    return testing::ReadGzip(Path("x.gz"));
  }
  // Text of rows, or bytes that do not compress.
  static std::string Draw(Rng& rng, bool random_bytes) {
    std::string text;
    const size_t size = size_t{1} << rng.Index(20);
    while (text.size() < size) {
      if (random_bytes) {
        text.push_back(static_cast<char>(rng.Index(256)));
      } else {
        text += "{\"episode\":" + std::to_string(rng.Index(1000)) + ",\"step\":" + std::to_string(rng.Index(9)) + "}\n";
      }
    }
    return text;
  }
};

TEST_F(GzipTest, GivesBackWhatWentIn) {
  Rng rng(3, Purpose::kTest, {});
  GzipCompressor compressor;
  std::string member;
  for (int i = 0; i < 40; ++i) {
    const std::string text = Draw(rng, i % 2 == 0);
    compressor.Compress(text, member);
    EXPECT_EQ(Decompressed(member), text) << text.size();
  }
}

TEST_F(GzipTest, MembersInARowAreOneFile) {
  Rng rng(4, Purpose::kTest, {});
  GzipCompressor compressor;
  std::string file;
  std::string all;
  for (int i = 0; i < 20; ++i) {
    const std::string text = i == 7 ? "" : Draw(rng, false);
    std::string member;
    compressor.Compress(text, member);
    file += member;
    all += text;
  }
  EXPECT_LT(file.size(), all.size() / 2);
  EXPECT_EQ(Decompressed(file), all);
}

TEST_F(GzipTest, BytesDependOnTheTextAlone) {
  Rng rng(5, Purpose::kTest, {});
  GzipCompressor used;
  std::string member;
  for (int i = 0; i < 10; ++i) {
    const std::string text = Draw(rng, false);
    used.Compress(text, member);
    std::string fresh;
    GzipCompressor().Compress(text, fresh);
    EXPECT_EQ(member, fresh);
  }
}

}  // namespace
}  // namespace recbots
