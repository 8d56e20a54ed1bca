#include "common/base/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <iostream>
#include <streambuf>

#include "absl/strings/str_cat.h"
#include "common/base/descriptors.h"
#include "common/base/log.h"
#include "common/base/mutex.h"

namespace recbots {
namespace {

// Buffers standard output and keeps the first error of writing to it.
class OutputBuffer final : public std::streambuf {
 public:
  OutputBuffer() { setp(buffer_.data(), buffer_.data() + buffer_.size()); }

  // errno of the first failed write, or 0.
  int error() const { return error_; }

 protected:
  int_type overflow(int_type character) override {
    if (sync() != 0) return traits_type::eof();
    if (traits_type::eq_int_type(character, traits_type::eof())) return traits_type::not_eof(character);
    return sputc(traits_type::to_char_type(character));
  }

  int sync() override {
    const char* from = pbase();
    while (error_ == 0 && from < pptr()) {
      const ssize_t n = write(STDOUT_FILENO, from, static_cast<size_t>(pptr() - from));
      if (n >= 0) {
        from += n;
      } else if (errno == EAGAIN) {
        // Another process that shares the terminal has made it non-blocking: wait for room, like a blocking write.
        pollfd room{STDOUT_FILENO, POLLOUT, 0};
        poll(&room, 1, /*timeout=*/1000);
      } else if (errno != EINTR) {
        OnError(errno);
      }
    }
    setp(buffer_.data(), buffer_.data() + buffer_.size());
    return error_ == 0 ? 0 : -1;
  }

 private:
  void OnError(int error) {
    error_ = error;
    if (error == EPIPE) return;
    const std::string line = absl::StrCat("recbots: cannot write to standard output: ", strerror(error), "\n");
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
  }

  std::array<char, 1 << 16> buffer_;
  int error_ = 0;
};

// Directs std::cout to an OutputBuffer as long as it lives.
class OutputScope {
 public:
  OutputScope() : before_(std::cout.rdbuf(&buffer_)) {}
  ~OutputScope() { std::cout.rdbuf(before_); }
  // Writes what the buffer still holds. Returns true if everything was written, or if the reader has gone away.
  bool Finish() {
    std::cout.flush();
    return buffer_.error() == 0 || buffer_.error() == EPIPE;
  }

 private:
  OutputBuffer buffer_;
  std::streambuf* const before_;
};

// open always takes the lowest free number, so each call reopens the closed stream.
void ReopenClosedStreams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    [[maybe_unused]] const int opened = open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace

int RunProgram(const std::string& name, int argc, char** argv,
               const std::function<int(const std::vector<std::string>&)>& body) {
  SetLogRole(name);
  SkipLockOrderChecks();
  ReopenClosedStreams();
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // When the file size limit is reached, write returns an error instead.
  RaiseDescriptorLimit();
  OutputScope output;
  const int exit_code = body({argv + 1, argv + argc});
  return output.Finish() || exit_code != kExitOk ? exit_code : kExitFailed;
}

std::string ProgramFolder() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
}

namespace {

// "; `ninja -C BUILD NAME` builds it" where `program`, BUILD/bin/NAME, is missing in the folder of a build: one that
// was made for a run lacks what no run needs.
std::string HowToBuild(const std::string& program) {
  const std::filesystem::path path(program), build = path.parent_path().parent_path();
  std::error_code error;
  if (std::filesystem::exists(path, error) || !std::filesystem::exists(build / "build.ninja", error)) return "";
  return absl::StrCat("; `ninja -C ", build.string(), " ", path.filename().string(), "` builds it");
}

}  // namespace

int BecomeProgram(const std::string& name, const std::vector<std::string>& arguments) {
  const std::string program = absl::StrCat(ProgramFolder(), "/", name);
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(program.c_str(), argv.data());
  const std::string reason = strerror(errno);
  return Fail(absl::UnavailableError(absl::StrCat("cannot run ", program, ": ", reason, HowToBuild(program))),
              kExitFailed);
}

int Fail(const absl::Status& status, int exit_code) {
  std::cerr << "recbots: " << status.message() << "\n";
  return exit_code;
}

}  // namespace recbots
