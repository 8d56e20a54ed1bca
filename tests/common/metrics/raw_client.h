// Clients of an HTTP server that do no more than a test tells them to.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace recbots::testing {

// A connection that has sent `text` and nothing more. What it waits for comes within 20 s or never.
inline int ConnectTo(int port, const std::string& text) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{20, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(::send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  return fd;
}

// Sockets that are closed at the end.
struct Clients {
  ~Clients() {
    for (const int fd : fds) ::close(fd);
  }
  std::vector<int> fds;
};

// All bytes until the server closes the connection.
inline std::string ReadAll(int fd) {
  std::string all;
  char piece[4096];
  for (ssize_t n = 0; (n = ::recv(fd, piece, sizeof(piece), 0)) > 0;) all.append(piece, static_cast<size_t>(n));
  return all;
}

}  // namespace recbots::testing
