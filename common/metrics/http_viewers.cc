// The part of HttpPoller that sends the stream of events to its viewers.
#include <algorithm>
#include <utility>

#include "common/metrics/http_poller.h"

namespace recbots {

void HttpPoller::BeginView(uint64_t id, std::string head) {
  MutexLock lock(&mu_);
  answers_.push_back({.id = id, .bytes = std::move(head), .views = true});
  wake_up_.Signal();
}

void HttpPoller::Publish(std::string event) {
  if (viewers() == 0) return;
  MutexLock lock(&mu_);
  // The thread takes events at once. Where it cannot, older events than these are worth less than memory.
  if (events_.size() > options_.max_unread_bytes) events_.clear();
  events_ += event;
  wake_up_.Signal();
}

bool HttpPoller::WriteEvents(Connection& connection) {
  while (connection.sent < connection.bytes.size()) {
    const ssize_t sent = connection.transport.Send(absl::string_view(connection.bytes).substr(connection.sent));
    if (sent <= 0) return sent == HttpTransport::kWait;
    connection.sent += static_cast<size_t>(sent);
    connection.deadline = Instant::Now() + options_.time_to_read;
  }
  connection.bytes.clear();
  connection.sent = 0;
  connection.deadline = Instant::InfiniteFuture();
  return true;
}

bool HttpPoller::AddEvents(Connection& connection, absl::string_view events) {
  const bool idle = connection.bytes.empty();
  if (connection.bytes.size() - connection.sent + events.size() > options_.max_unread_bytes) return false;
  connection.bytes.erase(0, std::exchange(connection.sent, 0));
  connection.bytes.append(events.data(), events.size());
  if (idle) connection.deadline = Instant::Now() + options_.time_to_read;
  return WriteEvents(connection);
}

void HttpPoller::SendEvents(absl::string_view events) {
  for (auto next = connections_.begin(); next != connections_.end();) {
    const auto entry = next++;
    Connection& connection = entry->second;
    if (connection.state == State::kViewing && !AddEvents(connection, events)) connections_.erase(entry);
  }
}

void HttpPoller::CountViewers() {
  const auto count = std::count_if(connections_.begin(), connections_.end(),
                                   [](const auto& entry) { return entry.second.state == State::kViewing; });
  viewers_.store(static_cast<size_t>(count), std::memory_order_relaxed);
}

}  // namespace recbots
