#include "common/rpc/handshake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kNoConnection[] = "failed to connect to all addresses; last error: ";

// What ExplainConnection makes of a call that found no connection, for that reason.
absl::Status Explained(const std::string& reason) {
  return ExplainConnection(absl::UnavailableError(kNoConnection + reason));
}

TEST(ExplainConnectionTest, HandshakesThatFailWheneverTheyAreTriedAreFinal) {
  for (const std::string reason :
       {"UNKNOWN: ipv4:1.2.3.4:5: Ssl handshake failed: SSL_ERROR_SSL: error:0A00010B:SSL routines::wrong version "
        "number",
        "UNKNOWN: unix:/x: Ssl handshake failed: SSL_ERROR_SSL: error:0A000086:SSL routines::certificate verify failed",
        "UNKNOWN: ipv4:1.2.3.4:5: Peer name replay is not in peer certificate",
        "UNKNOWN: ipv4:1.2.3.4:5: Ssl handshake failed: SSL_ERROR_SSL: something new"}) {
    const absl::Status status = Explained(reason);
    EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << reason;
    EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("TLS handshake failed: "), HasSubstr(reason)));
  }
}

TEST(ExplainConnectionTest, WhatMayPassIsTriedAgain) {
  for (const auto& [reason, says] : {std::pair{"UNAVAILABLE: ipv4:1.2.3.4:5: Socket closed", "it may want TLS"},
                                     std::pair{"UNAVAILABLE: unix:/x: Broken pipe", "it may want TLS"},
                                     std::pair{"UNAVAILABLE: ipv4:1.2.3.4:5: Connection reset by peer", "TLS"},
                                     std::pair{"UNKNOWN: ipv4:1.2.3.4:5: tcp handshaker shutdown", "nobody answers"}}) {
    const absl::Status status = Explained(reason);
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << reason;
    EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr(says), HasSubstr(reason)));
  }
}

TEST(ExplainConnectionTest, EverythingElseStaysAsItIs) {
  for (const absl::Status& status :
       {absl::OkStatus(), absl::UnavailableError("Socket closed"), absl::UnavailableError("draining"),
        absl::UnavailableError(std::string(kNoConnection) + "UNKNOWN: ipv4:1.2.3.4:5: Connection refused"),
        absl::InternalError(std::string(kNoConnection) + "SSL_ERROR_SSL: certificate verify failed")}) {
    EXPECT_EQ(ExplainConnection(status), status);
  }
}

}  // namespace
}  // namespace recbots
