#include "common/log/row_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/log/json_scanner.h"
#include "common/log/parse_value.h"
#include "common/log/string_ids.h"

namespace recbots {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Cells = std::vector<std::string>;

// All rows with the names of their columns: "a=1"; missing values are left out. Or the error.
std::pair<std::vector<Cells>, std::string> Rows(std::string content) {
  std::vector<Cells> rows;
  auto reader = RowReader::Create("x", ByteStream::Of(std::move(content)));
  if (!reader.ok()) return {rows, std::string(reader.status().message())};
  while (true) {
    const auto found = (*reader)->Next();
    if (!found.ok()) return {rows, std::string(found.status().message())};
    if (!*found) return {rows, ""};
    Cells& cells = rows.emplace_back();
    for (size_t i = 0; i < (*reader)->values().size(); ++i) {
      const absl::string_view value = (*reader)->values()[i];
      if (value.data() != nullptr) cells.push_back(absl::StrCat((*reader)->names()[i], "=", value));
    }
  }
}

std::string Gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

// About 2 MB, so that no buffer holds all of it.
std::string Long() {
  std::string text = "session,item\n";
  for (int i = 0; i < 200000; ++i) absl::StrAppend(&text, i / 3, ",", i % 1000, "\n");
  return text;
}

TEST(RowReaderTest, ReadsCsvTsvAndJson) {
  const std::vector<Cells> want = {{"a=1", "b=x y"}, {"b=z"}};
  EXPECT_EQ(Rows("a,b\n1,x y\n,z\n").first, want);
  EXPECT_EQ(Rows("a\tb\r\n1\tx y\r\n\r\n\tz").first, want);
  EXPECT_EQ(Rows("\xef\xbb\xbf\"a\",b\n1,\"x y\"\n,z\n").first, want);
  EXPECT_EQ(Rows("{\"a\":1,\"b\":\"x y\"}\n\n{\"b\": \"z\", \"a\": null}\r\n").first, want);
}

TEST(RowReaderTest, NamesNestedJsonByItsPath) {
  EXPECT_THAT(Rows(R"({"response":{"click":true,"w":-1.5e3},"document":[0.5,[1,2]],"e":[],"f":{}})").first,
              ElementsAre(ElementsAre("response.click=true", "response.w=-1.5e3", "document.0=0.5", "document.1.0=1",
                                      "document.1.1=2")));
}

TEST(RowReaderTest, ColumnsOfJsonMayComeLateAndInAnyOrder) {
  const auto [rows, error] = Rows("{\"a\":1}\n{\"c\":2,\"a\":3}\n{\"c\":4}\n{\"a\":5,\"c\":6}\n");
  EXPECT_EQ(error, "");
  EXPECT_EQ(rows, (std::vector<Cells>{{"a=1"}, {"a=3", "c=2"}, {"c=4"}, {"a=5", "c=6"}}));
}

TEST(RowReaderTest, DecodesQuotesAndEscapes) {
  EXPECT_EQ(Rows("a,b\n\"1,\"\"2\"\"\",\"\"\n").first, (std::vector<Cells>{{"a=1,\"2\"", "b="}}));
  EXPECT_EQ(Rows(R"({"a":"\u00e9\ud83d\ude00\n\"","\u0062":"\ud800x"})").first,
            (std::vector<Cells>{{"a=\xc3\xa9\xf0\x9f\x98\x80\n\"", "b=\xef\xbf\xbdx"}}));
}

TEST(RowReaderTest, ReadsCompressedRowsInSeveralMembers) {
  const std::string text = Long();
  const auto want = Rows(text);
  ASSERT_EQ(want.first.size(), 200000U);
  const size_t half = text.size() / 2;
  EXPECT_EQ(Rows(Gzip(text)), want);
  EXPECT_EQ(Rows(Zstd(text)), want);
  EXPECT_EQ(Rows(Gzip(text.substr(0, half)) + Gzip(text.substr(half))), want);
  EXPECT_EQ(Rows(Zstd(text.substr(0, half)) + Zstd(text.substr(half))), want);
}

TEST(RowReaderTest, HalfACompressedFileIsAnError) {
  for (const std::string& whole : {Gzip(Long()), Zstd(Long())}) {
    EXPECT_THAT(Rows(whole.substr(0, whole.size() / 2)).second, HasSubstr("is this half a file?"));
    EXPECT_THAT(Rows(whole.substr(0, whole.size() - 1)).second, HasSubstr("is this half a file?"));
    std::string damaged = whole;
    for (size_t i = damaged.size() / 2; i < damaged.size() / 2 + 64; ++i) damaged[i] = static_cast<char>(~damaged[i]);
    EXPECT_NE(Rows(damaged).second, "");  // Of what came out before the damage was noticed, rows may be wrong, too.
  }
}

TEST(RowReaderTest, ErrorsNameTheLine) {
  EXPECT_EQ(Rows("").second, "x: there are no rows");
  EXPECT_EQ(Rows("a,b\n1,2\n1,2,3\n").second, "x:3: 3 cells, want 2 as in the line of names");
  EXPECT_EQ(Rows("a,b,a\n").second, "x:1: column 'a' is named twice");
  EXPECT_EQ(Rows("a,b\n1,\"2\n").second, "x:2: cell 2 has an opening quote and no closing one on its line");
  EXPECT_EQ(Rows("a,b\n\"1\"2,3\n").second, "x:2: cell 1 goes on behind its closing quote");
  EXPECT_EQ(Rows("{\"a\":1}\n[1]\n").second, "x:2: want a JSON object");
  EXPECT_EQ(Rows("{\"a\":1}\n{\"a\":01}\n").second, "x:2: no JSON from column 6 on, in 'a'");
  EXPECT_EQ(Rows("{\"a\":1} {\"a\":2}\n").second,
            "x:1: want one JSON object a line, and column 9 begins something else");
  EXPECT_EQ(Rows("{\"a\":1,\"a\":2}\n").second, "x:1: 'a' is named twice");
  EXPECT_EQ(Rows("{\"a\":NaN}\n").second, "x:1: no JSON from column 6 on, in 'a'");
  EXPECT_THAT(Rows("{\"a\":[[[[[[[[[[1]]]]]]]]]]}").second, HasSubstr("lies deeper than 8 levels"));
  EXPECT_THAT(Rows("a\n" + std::string(TextLines::kMaxLineBytes * 3, 'x')).second, HasSubstr("line 2 has more than"));
}

TEST(ParseValueTest, ReadsNumbersFlagsAndTimes) {
  EXPECT_EQ(ParseFinite<double>("0.1"), 0.1);
  EXPECT_EQ(ParseFinite<double>("-1e-3"), -1e-3);
  for (const char* text : {"", " 1", "1 ", "nan", "inf", "1e999", "0x10", "1,5", "--1"}) {
    EXPECT_EQ(ParseFinite<double>(text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseFlag("True"), true);
  EXPECT_EQ(ParseFlag("0.0"), false);
  EXPECT_EQ(ParseFlag("yes"), std::nullopt);
  EXPECT_EQ(ParseTimestamp("1574553663.5"), 1574553663.5);
  EXPECT_EQ(ParseTimestamp("2019-11-24T00:01:03.5Z"), 1574553663.5);
  EXPECT_EQ(ParseTimestamp("2019-11-24 01:01:03.5+01:00"), 1574553663.5);
  EXPECT_EQ(ParseTimestamp("2019-11-24T00:01:03"), 1574553663.0);
  EXPECT_EQ(ParseTimestamp("2019-11-24"), 1574553600.0);
  EXPECT_EQ(ParseTimestamp("yesterday"), std::nullopt);
}

TEST(StringIdsTest, CountsIdsInOrderOfUse) {
  StringIds ids(/*keep_names=*/true);
  const std::vector<std::string> names = {"7", "x", "07", "", "-1", "12345678901234567890", std::string(3 << 20, 'y'),
                                          "z"};
  for (int round = 0; round < 2; ++round) {
    for (size_t i = 0; i < names.size(); ++i) {
      EXPECT_EQ(ids.Id(names[i]), static_cast<int32_t>(i));
      EXPECT_EQ(ids.Id(names[i]), static_cast<int32_t>(i));
    }
  }
  for (size_t i = 0; i < names.size(); ++i) EXPECT_EQ(ids.Name(static_cast<int32_t>(i)), names[i]);
}

}  // namespace
}  // namespace recbots
