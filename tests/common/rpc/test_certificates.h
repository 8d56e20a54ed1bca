// Security made from the files of a CertificateFolder.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "common/rpc/security.h"
#include "tests/support/certificate_folder.h"

namespace recbots::testing {

class TestCertificates : public CertificateFolder {
 public:
  // Certificate and key of the authority "ca" or of "other_ca", which to trust, and the token; "" leaves a part out.
  std::shared_ptr<const Security> Make(const std::string& name, const std::string& authority,
                                       const std::string& token) const {
    const auto path = [this](const std::string& part, const char* suffix) {
      return part.empty() ? part : Path(part + suffix);
    };
    auto security = Security::Load({path(name, ".pem"), path(name, ".key"), path(authority, ".pem"), path(token, "")});
    EXPECT_TRUE(security.ok()) << security.status();
    return security.ok() ? *std::move(security) : nullptr;
  }
};

}  // namespace recbots::testing
