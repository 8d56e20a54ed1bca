// An authority and certificates of it, made by the openssl program in a folder of their own.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"

namespace recbots::testing {

inline constexpr char kNames[] = "DNS:localhost,DNS:replay,IP:127.0.0.1";

class CertificateFolder {
 public:
  CertificateFolder() : dir_(absl::StrCat(::testing::TempDir(), "certificates_", getpid(), "_", NextNumber())) {
    std::filesystem::create_directories(dir_);
    for (const char* authority : {"ca", "other_ca"}) {
      Run(absl::StrCat("req -x509 ", kNewKey, " -days 2 -subj /CN=", authority, Files(authority)));
    }
    Sign("role", "ca", "-days 2");
    Sign("stranger", "other_ca", "-days 2");
    Write("token", "0123456789abcdef-token\n");
    Write("other_token", "fedcba9876543210-token\n");
  }
  ~CertificateFolder() { std::filesystem::remove_all(dir_); }

  // dir/NAME.pem and dir/NAME.key.
  void Sign(const std::string& name, const std::string& authority, const std::string& validity) {
    Write("names.txt", absl::StrCat("subjectAltName=", kNames, "\n"));
    Run(absl::StrCat("req ", kNewKey, " -subj /CN=", name, " -keyout ", Path(name + ".key"), " -out ",
                     Path(name + ".csr")));
    Run(absl::StrCat("x509 -req -in ", Path(name + ".csr"), " -CA ", Path(authority + ".pem"), " -CAkey ",
                     Path(authority + ".key"), " -CAcreateserial -extfile ", Path("names.txt"), " ", validity, " -out ",
                     Path(name + ".pem")));
  }
  void Run(const std::string& arguments) {
    const std::string command = absl::StrCat("openssl ", arguments, " >", Path("openssl.log"), " 2>&1");
    ASSERT_EQ(std::system(command.c_str()), 0) << command << "\n" << Read("openssl.log");
  }
  std::string Write(const std::string& name, const std::string& content) {
    std::ofstream(Path(name), std::ios::binary) << content;
    return Path(name);
  }
  std::string Read(const std::string& name) const {
    std::ifstream file(Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string Path(const std::string& name) const { return absl::StrCat(dir_, "/", name); }

 private:
  static constexpr char kNewKey[] = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

  static int NextNumber() {
    static int number = 0;
    return number++;
  }
  std::string Files(const std::string& name) const {
    return absl::StrCat(" -keyout ", Path(name + ".key"), " -out ", Path(name + ".pem"));
  }

  const std::string dir_;
};

}  // namespace recbots::testing
