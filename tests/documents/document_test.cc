// Taking documents apart, on a tree that is made up.
#include "tests/documents/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/documents/check_words.h"
#include "tests/documents/commands.h"
#include "tests/documents/names.h"

namespace recbots::documents {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DocumentTest : public ::testing::Test {
 protected:
  DocumentTest() : root_(::testing::TempDir() + "/documents_" + std::to_string(getpid())) {}
  ~DocumentTest() override { std::filesystem::remove_all(root_); }

  Documents Read(const std::string& file, const std::string& text) {
    const std::string path = root_ + "/" + file;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
    return ReadDocuments(root_);
  }

  const std::string root_;
};

std::vector<std::string> Texts(const std::vector<Command>& commands) {
  std::vector<std::string> texts;
  for (const Command& command : commands) texts.push_back(command.text);
  return texts;
}

TEST_F(DocumentTest, FindsSpansBlocksAndLinks) {
  const Documents found = Read("docs/a.md",
                               "# Title\nUse `one` and [that](b.md#part), or `two\nwords` here.\n\n"
                               "```sh\nrecbots version\n```\n| `cell` | ` |\n\n`after`\n");
  ASSERT_THAT(found.spans, SizeIs(4));
  EXPECT_EQ(found.spans[1].text, "two words");
  EXPECT_EQ(found.spans[1].place.ToString(), "docs/a.md:2");
  EXPECT_EQ(found.spans[3].text, "after") << "a backtick alone ends with its cell";
  ASSERT_THAT(found.block_lines, SizeIs(1));
  EXPECT_EQ(found.block_lines[0].language, "sh");
  EXPECT_EQ(found.block_lines[0].place.line, 6);
  ASSERT_THAT(found.links, SizeIs(1));
  EXPECT_EQ(found.links[0].target, "b.md#part");
}

TEST_F(DocumentTest, FindsCommandsOnceWithoutWhatIsSaidOfThem) {
  Read("build/not.md", "`recbots built`\n");
  Read("docker-compose.yml", "# text\n#   docker-compose up    starts all\nservices: {}\n");
  const Documents found = Read("README.md",
                               "```\nrecbots bench          all of them\nflags=\"--json\"\nrecbots version\n```\n"
                               "Say `recbots version` or `RECBOTS_FLAGS=\"--keep\" docker-compose up -d`; `version`.\n"
                               "```\nrecbots: what it printed\n```\n");
  const std::vector<Command> commands = DocumentedCommands(found);
  EXPECT_THAT(Texts(commands), ElementsAre("RECBOTS_FLAGS=\"--keep\" docker-compose up -d", "docker-compose up",
                                           "flags=\"--json\"", "recbots bench", "recbots version"));
  EXPECT_THAT(commands[4].places, SizeIs(2));
  EXPECT_THAT(UnknownCommands(found), IsEmpty());
}

TEST_F(DocumentTest, NoticesProgramsThatItDoesNotKnow) {
  const Documents found = Read("README.md", "```\nhelm install --set a=b\n```\n```\nupd 416 (809/s) | env\n```\n");
  ASSERT_THAT(UnknownCommands(found), SizeIs(1));
  EXPECT_EQ(UnknownCommands(found)[0].text, "helm install --set a=b");
}

TEST(TreatmentsTest, LeaveNoRoomForWhatIsNew) {
  EXPECT_EQ(TreatmentOf("recbots frobnicate CONFIG"), nullptr);
  EXPECT_EQ(TreatmentOf("docker swarm init"), nullptr);
  ASSERT_NE(TreatmentOf("recbots simulate deploy/config/browse.textproto --policy=new"), nullptr);
  EXPECT_EQ(TreatmentOf("recbots simulate deploy/config/browse.textproto --policy=new")->how, How::kRun);
}

TEST(WordsTest, AreFlagsOverridesAndIdentifiers) {
  EXPECT_THAT(FlagsIn("recbots x --set a.b=1 --list-policies [--json] a--b --http=c:1"),
              ElementsAre("--set", "--list_policies", "--json", "--http"));
  EXPECT_THAT(OverridesIn("--set a.b[0]=1,2 --set=c=d --setting=e"), ElementsAre("a.b[0]=1,2", "c=d"));
  EXPECT_THAT(WordsOf("a_b.C9=9d-e"), ElementsAre("a_b", "C9", "e"));
  EXPECT_TRUE(Names::IsConfigPath("replay.more_tables[0].capacity_rows"));
  EXPECT_FALSE(Names::IsConfigPath("replay.capacity_rows"));
  EXPECT_FALSE(Names::IsConfigPath("seed[0]"));
}

}  // namespace
}  // namespace recbots::documents
