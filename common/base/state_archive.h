// The state of objects as bytes, and back: one function of a class, TransferState(StateArchive&), names what has to be
// kept, and serves both directions, so that saving and loading cannot disagree.
//
// The bytes are those of this machine and this build: they are meant for a process that goes on where another one
// stopped, not for exchange. Each part carries its name, its length and the size of its elements, so that bytes of
// another build or of another configuration are refused and never misread. Who stores the bytes adds a checksum.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace recbots {

// Not thread-safe. The first error stays, and everything after it does nothing.
class StateArchive {
 public:
  // Saves: what objects transfer is appended to bytes().
  StateArchive() = default;
  // Loads from `bytes`, which must outlive the archive. After an error, the objects that were loaded must not be used.
  static StateArchive Loading(absl::string_view bytes) { return StateArchive(bytes); }

  bool loading() const { return loading_; }

  // Transfers values in place. Their number is the same in both directions.
  template <typename T>
  void Values(absl::string_view name, absl::Span<T> values) {
    static_assert(std::is_trivially_copyable_v<T>, "a state is values that own no memory");
    Piece(name, reinterpret_cast<char*>(values.data()), values.size(), sizeof(T));
  }
  template <typename T>
  void Values(absl::string_view name, std::vector<T>& values) {
    Values(name, absl::MakeSpan(values));
  }
  template <typename T>
  void Value(absl::string_view name, T& value) {
    Values(name, absl::Span<T>(&value, 1));
  }
  // A text of any length.
  void Text(absl::string_view name, std::string& text);

  // Notes that something cannot be transferred.
  void Fail(absl::Status error) { status_.Update(std::move(error)); }

  // What was saved. Leaves the archive empty.
  std::string TakeBytes() { return std::move(bytes_); }
  // OK if everything was transferred. When loading, INVALID_ARGUMENT if a part is not what the object wants, or if
  // bytes are left over; the message names the part, what it has and what is wanted.
  absl::Status Finish() const;

 private:
  explicit StateArchive(absl::string_view bytes) : loading_(true), left_(bytes) {}

  void Piece(absl::string_view name, char* data, size_t count, size_t size);
  // Writes the head of a part, or reads it and returns whether name and size are those wanted.
  bool Head(absl::string_view name, size_t size, uint64_t& count);
  bool Read(void* to, size_t bytes, absl::string_view name);

  bool loading_ = false;
  std::string bytes_;
  absl::string_view left_;
  absl::Status status_;
};

}  // namespace recbots
