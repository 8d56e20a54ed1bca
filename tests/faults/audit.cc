#include "tests/faults/audit.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace recbots::faults {
namespace {

constexpr size_t kMaxComplaints = 10;

std::string NameOf(const WriterPage& page) {
  return absl::StrCat("writer ", page.writer, ".", page.incarnation, " (appended ", page.appended.load(),
                      ", acknowledged ", page.acknowledged.load(), ", durable ", page.durable.load(), ", lost ",
                      page.lost.load(), ", restarts ", page.store_restarts.load(), ", connections ",
                      page.connections.load(), ")");
}

std::string NameOf(const Sighting& row) {
  return absl::StrCat("row ", row.writer, ".", row.incarnation, "/", row.sequence);
}

}  // namespace

void Audit::AddWriter(const WriterPage& page) {
  writers_[{page.writer, page.incarnation}].rows.resize(static_cast<size_t>(page.attempted));
}

void Audit::AddReader(const std::string& name, const ReaderPage& page, int64_t unsure_batches) {
  const int64_t batches = page.batches;
  readers_.push_back({name, std::max<int64_t>(0, batches - std::min(unsure_batches, batches))});
  if (page.bad_rows > 0) Complain(absl::StrCat(name, ": ", page.bad_rows.load(), " rows are not whole"));
  if (page.bad_probabilities > 0) {
    Complain(absl::StrCat(name, ": ", page.bad_probabilities.load(), " probabilities outside (0, 1]"));
  }
  const int64_t rows = page.rows;
  for (int64_t i = 0; i < rows; ++i) Add(page.sightings[i], static_cast<int>(readers_.size()) - 1);
}

void Audit::Add(const Sighting& sighting, int reader) {
  const auto found = writers_.find({sighting.writer, sighting.incarnation});
  if (found == writers_.end() || sighting.sequence < 0 ||
      sighting.sequence >= static_cast<int64_t>(found->second.rows.size())) {
    return Complain(absl::StrCat(NameOf(sighting), ": nobody wrote it"));
  }
  LastSighting& last = found->second.rows[static_cast<size_t>(sighting.sequence)];
  if (last.reader < 0) {
    ++found->second.distinct;
  } else if (last.batch >= readers_[static_cast<size_t>(last.reader)].first_unsure_batch) {
    ++redelivered_;
  } else {
    Complain(absl::StrCat(NameOf(sighting), " came again: batch ", last.batch, " of ",
                          readers_[static_cast<size_t>(last.reader)].name, ", then batch ", sighting.batch, " of ",
                          readers_[static_cast<size_t>(reader)].name));
  }
  last = {reader, sighting.batch};
}

void Audit::Complain(std::string what) {
  ++num_complaints_;
  if (complaints_.size() < kMaxComplaints) complaints_.push_back(std::move(what));
}

testing::AssertionResult Audit::NothingStrangeOrDoubled() const {
  if (num_complaints_ == 0) return testing::AssertionSuccess();
  return testing::AssertionFailure() << num_complaints_ << " rows are wrong, such as:\n  "
                                     << absl::StrJoin(complaints_, "\n  ");
}

std::string Audit::FirstMissing(const Writer& writer) const {
  for (size_t i = 0; i < writer.rows.size(); ++i) {
    if (writer.rows[i].reader < 0) return absl::StrCat("the first row missing is ", i);
  }
  return "none is missing";
}

testing::AssertionResult Audit::HoldsAPrefix(const WriterPage& page, int64_t at_least) const {
  const Writer& writer = writers_.at({page.writer, page.incarnation});
  if (writer.distinct < at_least) {
    return testing::AssertionFailure() << NameOf(page) << ": " << writer.distinct << " rows came, want at least "
                                       << at_least << "; " << FirstMissing(writer);
  }
  for (size_t i = 0; i < static_cast<size_t>(writer.distinct); ++i) {
    if (writer.rows[i].reader >= 0) continue;
    return testing::AssertionFailure() << NameOf(page) << ": row " << i << " is missing, though " << writer.distinct
                                       << " came and later ones among them";
  }
  return testing::AssertionSuccess();
}

testing::AssertionResult Audit::HoldsAll(const WriterPage& page) const {
  const Writer& writer = writers_.at({page.writer, page.incarnation});
  if (writer.distinct == page.appended && page.lost == 0) return HoldsAPrefix(page, page.appended);
  return testing::AssertionFailure() << NameOf(page) << ": " << writer.distinct << " rows came; "
                                     << FirstMissing(writer);
}

testing::AssertionResult Audit::LossIsCounted(const WriterPage& page) const {
  const int64_t missing = page.appended - NumRows(page);
  if (missing == page.lost) return testing::AssertionSuccess();
  return testing::AssertionFailure() << NameOf(page) << ": " << missing << " rows are missing, the writer counted "
                                     << page.lost.load() << " as lost";
}

int64_t Audit::NumRows(const WriterPage& page) const { return writers_.at({page.writer, page.incarnation}).distinct; }

}  // namespace recbots::faults
