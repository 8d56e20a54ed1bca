#include "learner/members/member_table.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/role/roles.h"

namespace recbots {
namespace {

constexpr size_t kMaxTextBytes = 256;
// Of what may name the addresses of several shards.
constexpr size_t kMaxLongTextBytes = 1024;
constexpr int kMaxWaits = 8;
// Rates are means over about this long.
constexpr double kRateSeconds = 5;

absl::Status Clean(const char* field, std::string& text, size_t max_bytes = kMaxTextBytes) {
  if (text.size() > max_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("report: ", field, " of ", text.size(), " bytes, want at most ", max_bytes));
  }
  const bool plain = std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f;
  });
  if (!plain) text = absl::CHexEscape(text);
  return absl::OkStatus();
}

absl::Status CheckSeconds(const char* field, double seconds, double least) {
  constexpr double kMaxSeconds = 1e12;
  if (seconds >= least && seconds <= kMaxSeconds) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("report: ", field, " ", seconds, ", want ", least, "..", kMaxSeconds));
}

absl::Status CheckCount(const char* field, int64_t count) {
  if (count >= 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("report: ", field, " ", count, ", want at least 0"));
}

absl::Status CleanTexts(v1::RoleReport& report) {
  RECBOTS_RETURN_IF_ERROR(Clean("name", *report.mutable_name()));
  RECBOTS_RETURN_IF_ERROR(Clean("host", *report.mutable_host()));
  RECBOTS_RETURN_IF_ERROR(Clean("version", *report.mutable_version()));
  RECBOTS_RETURN_IF_ERROR(Clean("pages", *report.mutable_pages()));
  RECBOTS_RETURN_IF_ERROR(Clean("progress_unit", *report.mutable_progress_unit()));
  RECBOTS_RETURN_IF_ERROR(Clean("doing", *report.mutable_doing(), kMaxLongTextBytes));
  RECBOTS_RETURN_IF_ERROR(Clean("stall", *report.mutable_stall(), kMaxLongTextBytes));
  for (v1::WaitReport& wait : *report.mutable_waits()) {
    RECBOTS_RETURN_IF_ERROR(Clean("waits.thing", *wait.mutable_thing()));
    RECBOTS_RETURN_IF_ERROR(Clean("waits.peer", *wait.mutable_peer(), kMaxLongTextBytes));
    RECBOTS_RETURN_IF_ERROR(CheckSeconds("waits.seconds", wait.seconds(), 0));
    RECBOTS_RETURN_IF_ERROR(CheckSeconds("waits.deadline_seconds", wait.deadline_seconds(), -1e12));
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view NameOf(MemberState state) {
  switch (state) {
    case MemberState::kJoined:
      return "joined";
    case MemberState::kLagging:
      return "lagging";
    case MemberState::kLost:
      return "lost";
    case MemberState::kLeft:
      return "left";
  }
  return "unknown";
}

std::string ReachablePages(const std::string& pages, const std::string& peer) {
  for (const std::string everywhere : {"://0.0.0.0:", "://[::]:"}) {
    const size_t at = pages.find(everywhere);
    if (at == std::string::npos) continue;
    std::string host = absl::StrReplaceAll(peer, {{"ipv4:", ""}, {"ipv6:", ""}, {"%5B", "["}, {"%5D", "]"}});
    const size_t colon = host.rfind(':');
    host = absl::StartsWith(host, "unix:") || colon == std::string::npos ? "127.0.0.1" : host.substr(0, colon);
    return absl::StrCat(pages.substr(0, at), "://", host, ":", pages.substr(at + everywhere.size()));
  }
  return pages;
}

absl::Status CleanReport(v1::RoleReport& report) {
  if (report.instance() == 0) return absl::InvalidArgumentError("report: instance 0, want a random number");
  if (FindRole(report.role()) == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("report: role \"", absl::CHexEscape(report.role().substr(0, 32)), "\", want one of the roles"));
  }
  if (report.waits_size() > kMaxWaits) {
    return absl::InvalidArgumentError(
        absl::StrCat("report: ", report.waits_size(), " waits, want at most ", kMaxWaits));
  }
  RECBOTS_RETURN_IF_ERROR(CleanTexts(report));
  RECBOTS_RETURN_IF_ERROR(CheckSeconds("uptime_seconds", report.uptime_seconds(), 0));
  RECBOTS_RETURN_IF_ERROR(CheckSeconds("stalled_seconds", report.stalled_seconds(), 0));
  RECBOTS_RETURN_IF_ERROR(CheckCount("pid", report.pid()));
  RECBOTS_RETURN_IF_ERROR(CheckCount("progress", report.progress()));
  RECBOTS_RETURN_IF_ERROR(CheckCount("weights_version", report.weights_version()));
  RECBOTS_RETURN_IF_ERROR(CheckCount("weights_updates", report.weights_updates()));
  RECBOTS_RETURN_IF_ERROR(CheckCount("worker_index", report.worker_index()));
  report.DiscardUnknownFields();
  return absl::OkStatus();
}

MemberTable::MemberTable(const MemberTableOptions& options, Clock& clock) : options_(options), clock_(clock) {}

void MemberTable::Change(Entry& entry, MemberState state, Instant began, Instant now) const {
  if (entry.state == state) return;
  entry.state = state;
  entry.changed = began;
  entry.changed_at = clock_.Date() - (now - began);
  RECBOTS_LOG(INFO) << entry.report.role() << " " << NameOf(state) << Field("name", entry.report.name())
                    << Field("peer", entry.peer);
}

MemberState MemberTable::StateAt(const Entry& entry, Instant now, Instant* began) const {
  *began = entry.changed;
  if (entry.state == MemberState::kLeft) return MemberState::kLeft;
  const absl::Duration silent = now - entry.heard;
  if (silent >= options_.lost_after) {
    *began = entry.heard + options_.lost_after;
    return MemberState::kLost;
  }
  if (!entry.broken && silent < options_.lagging_after) return MemberState::kJoined;
  *began = std::min(now, entry.heard + options_.lagging_after);
  return MemberState::kLagging;
}

void MemberTable::Refresh(Instant now) const {
  for (auto it = entries_.begin(); it != entries_.end();) {
    Entry& entry = it->second;
    Instant began;
    const MemberState state = StateAt(entry, now, &began);
    Change(entry, state, std::max(began, entry.changed), now);
    const bool over = entry.state == MemberState::kLeft || entry.state == MemberState::kLost;
    it = over && now - entry.changed >= options_.forget_after ? entries_.erase(it) : std::next(it);
  }
}

bool MemberTable::MakeRoom() {
  if (entries_.size() < options_.max_members) return true;
  auto oldest = entries_.end();
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    if (it->second.state != MemberState::kLeft && it->second.state != MemberState::kLost) continue;
    if (oldest == entries_.end() || it->second.changed < oldest->second.changed) oldest = it;
  }
  if (oldest == entries_.end()) return false;
  entries_.erase(oldest);
  return true;
}

absl::Status MemberTable::OnReport(v1::RoleReport report, const std::string& peer) {
  RECBOTS_RETURN_IF_ERROR(CleanReport(report));
  MutexLock lock(&mu_);
  const Instant now = clock_.Now();
  Refresh(now);
  auto it = entries_.find(report.instance());
  if (it == entries_.end()) {
    if (!MakeRoom()) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the table of roles is full: ", entries_.size(), " live, want at most ", options_.max_members));
    }
    Entry fresh;
    fresh.report = report;
    fresh.peer = peer;
    fresh.changed = now;
    fresh.changed_at = fresh.first_joined_at = clock_.Date();
    it = entries_.emplace(report.instance(), std::move(fresh)).first;
    RECBOTS_LOG(INFO) << report.role() << " joined" << Field("name", report.name()) << Field("peer", peer);
  }
  Entry& entry = it->second;
  const double elapsed = report.uptime_seconds() - entry.report.uptime_seconds();
  if (elapsed > 0) {
    const double rate = static_cast<double>(report.progress() - entry.report.progress()) / elapsed;
    const double share = 1 - std::exp(-elapsed / kRateSeconds);
    entry.rate = std::max(0.0, entry.rate == 0 ? rate : entry.rate + share * (rate - entry.rate));
  }
  entry.heard = now;
  entry.broken = false;
  entry.peer = peer;
  const bool leaving = report.leaving();
  if (options_.age_of) entry.age = options_.age_of(report);
  entry.report = std::move(report);
  entry.report.set_pages(ReachablePages(entry.report.pages(), peer));
  Change(entry, leaving ? MemberState::kLeft : MemberState::kJoined, now, now);
  return absl::OkStatus();
}

void MemberTable::OnBroken(uint64_t instance) {
  MutexLock lock(&mu_);
  const auto it = entries_.find(instance);
  if (it == entries_.end()) return;
  it->second.broken = true;
  Refresh(clock_.Now());
}

bool MemberTable::Gone(uint64_t instance) const {
  MutexLock lock(&mu_);
  Refresh(clock_.Now());
  const auto it = entries_.find(instance);
  return it != entries_.end() && (it->second.state == MemberState::kLeft || it->second.state == MemberState::kLost);
}

std::vector<Member> MemberTable::members() const {
  std::vector<Member> members;
  {
    MutexLock lock(&mu_);
    const Instant now = clock_.Now();
    Refresh(now);
    for (const auto& [instance, entry] : entries_) {
      members.push_back({entry.report, entry.age, entry.peer, entry.state, entry.changed_at, now - entry.changed,
                         entry.first_joined_at, now - entry.heard, entry.rate});
    }
  }
  const auto key = [](const Member& m) { return std::tie(m.report.role(), m.state, m.report.name()); };
  std::stable_sort(members.begin(), members.end(),
                   [&key](const Member& a, const Member& b) { return key(a) < key(b); });
  return members;
}

}  // namespace recbots
