// Directories and files for tests, under testing::TempDir().
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/log.h"
#include "replay/checkpoint/folder.h"

namespace recbots::replay {

// A new, empty directory that goes with this object.
class TestFolder {
 public:
  TestFolder() {
    std::string path = absl::StrCat(testing::TempDir(), "/checkpoint-XXXXXX");
    RECBOTS_CHECK(mkdtemp(path.data()) != nullptr) << path;
    path_ = path;
  }
  ~TestFolder() {
    std::error_code unused;
    std::filesystem::remove_all(path_, unused);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(absl::string_view name) const { return absl::StrCat(path_, "/", name); }

 private:
  std::string path_;
};

inline Folder OpenFolder(const std::string& path) {
  absl::StatusOr<Folder> folder = Folder::Make(path);
  RECBOTS_CHECK_OK(folder.status());
  return *std::move(folder);
}

inline void WriteText(const std::string& path, absl::string_view content) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << content;
  RECBOTS_CHECK(out.flush().good()) << path;
}

inline std::string ReadText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Name and content of every file.
inline std::map<std::string, std::string> FilesIn(const std::string& path) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.is_regular_file()) files[entry.path().filename()] = ReadText(entry.path());
  }
  return files;
}

}  // namespace recbots::replay
