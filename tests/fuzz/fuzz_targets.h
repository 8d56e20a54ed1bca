// Decoders of foreign bytes, each as a function that takes any bytes: it aborts (RECBOTS_CHECK) when what was accepted
// contradicts itself, and a sanitizer does when memory is misused. And bytes to begin with: valid ones.
//
// Run by libFuzzer (tests/fuzz/run) and, with some thousands of mutations, by every build's tests.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace recbots::replay {

// DecodeManifest: the bytes, and the bytes in an envelope that checks.
void FuzzManifest(absl::string_view bytes);
std::vector<std::string> ManifestSeeds();

// BlockFile: the bytes as a file, and as the content of a file of which some byte is another.
void FuzzBlockFile(absl::string_view bytes);
std::vector<std::string> BlockFileSeeds();

// Table::Restore of header and arrays, and what the table does then.
void FuzzTableRestore(absl::string_view bytes);
std::vector<std::string> TableRestoreSeeds();

// InsertMessage and CheckBlock, in pieces as the network cuts them.
void FuzzInsertBlock(absl::string_view bytes);
std::vector<std::string> InsertBlockSeeds();

// SampleMessage, likewise.
void FuzzSampleBatch(absl::string_view bytes);
std::vector<std::string> SampleBatchSeeds();

// MemberTable::OnReport of several reports, and the page made of them.
void FuzzRoleReports(absl::string_view bytes);
std::vector<std::string> RoleReportSeeds();

// What decides about a request to a page: its target and the headers that carry a token.
void FuzzPageRequest(absl::string_view bytes);
std::vector<std::string> PageRequestSeeds();

// ReadLog: any bytes as a log of what was shown, plain or compressed; the first byte chooses the options.
void FuzzLog(absl::string_view bytes);
std::vector<std::string> LogSeeds();

}  // namespace recbots::replay
