#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "learner/members/member_table.h"
#include "learner/members/roles_report.h"
#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/fuzz_targets.h"
#include "tests/learner/members/make_report.h"

namespace recbots::replay {
namespace {

constexpr size_t kMembers = 4;

void CheckTable(const MemberTable& table) {
  const std::vector<Member> members = table.members();
  RECBOTS_CHECK(members.size() <= kMembers);
  for (const Member& member : members) {
    for (const char c : member.report.name()) RECBOTS_CHECK(!absl::ascii_iscntrl(static_cast<unsigned char>(c)));
    RECBOTS_CHECK(member.progress_per_second >= 0 && member.silent >= absl::ZeroDuration());
  }
  const std::string json = RolesJson(members, absl::UnixEpoch());
  RECBOTS_CHECK(!nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false).is_discarded()) << json;
}

}  // namespace

// Each piece: a byte of time, two bytes of length, and that many bytes of a report.
void FuzzRoleReports(absl::string_view bytes) {
  SilenceProtobuf();
  FakeClock clock(absl::FromUnixSeconds(1'700'000'000));
  MemberTable table({.max_members = kMembers}, clock);
  ByteSource source(bytes);
  while (!source.rest().empty()) {
    clock.Advance(absl::Milliseconds(100 * source.Take<uint8_t>()));
    const absl::string_view piece = source.TakeBytes(source.Take<uint16_t>());
    v1::RoleReport report;
    if (!report.ParseFromArray(piece.data(), static_cast<int>(piece.size()))) continue;
    const uint64_t instance = report.instance();
    const absl::Status taken = table.OnReport(std::move(report), "ipv4:10.0.0.7:1234");
    if (taken.ok() && instance % 3 == 0) table.OnBroken(instance);
    CheckTable(table);
  }
}

std::vector<std::string> RoleReportSeeds() {
  std::string many;
  for (uint64_t instance = 1; instance <= 6; ++instance) {
    v1::RoleReport report = testing::MakeReport(instance);
    report.set_leaving(instance == 4);
    report.add_waits()->set_thing("a batch");
    const std::string body = report.SerializeAsString();
    const auto size = static_cast<uint16_t>(body.size());
    many += static_cast<char>(10 * instance);
    many.append(reinterpret_cast<const char*>(&size), sizeof(size));
    many += body;
  }
  return {many, many + many};
}

}  // namespace recbots::replay
