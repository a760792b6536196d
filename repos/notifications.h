// Notifications: what happens to workflows and tasks, told to whoever listens now. Nothing is
// stored.
//
// Channels: ns:ev:T:workflow:<id>   ns:ev:T:task:<id>
// Thread: any; one listener is read by one thread at a time.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "repos/inbox.h"
#include "repos/options.h"
#include "store/store.h"

namespace satchel::repos {

struct NotificationEvent {
  std::string workflow_id;  // may be "" for a task without workflow
  std::optional<std::string> task_id = {};
  std::string event;
  std::string status;
  std::optional<std::string> data = {};  // JSON
  std::int64_t timestamp_ms = 0;
};
std::string NotificationJson(const NotificationEvent& event);

struct Notification {
  std::string channel;
  std::string payload;        // as it was published
  std::uint64_t dropped = 0;  // lost just after this one or before it, as the buffer was full
  bool gap = false;           // the connection broke before it; some may be missing
};

class NotificationListener {
 public:
  // `count` is told what was received and what was dropped; empty: nobody. `open` is kept as long
  // as the listener lives.
  using Count = std::function<void(const Notification& received)>;
  explicit NotificationListener(std::unique_ptr<Inbox> inbox, Clock& clock, Count count = {},
                                std::shared_ptr<const void> open = {})
      : inbox_(std::move(inbox)), clock_(clock), count_(std::move(count)), open_(std::move(open)) {}

  // The next one; empty when none comes within `wait`. Errors: kClosed.
  Result<std::optional<Notification>> Next(std::chrono::milliseconds wait);
  // Ends waiting calls, too. Idempotent.
  void Close() { inbox_->Close(); }

 private:
  std::unique_ptr<Inbox> inbox_;
  Clock& clock_;  // borrowed
  const Count count_;
  const std::shared_ptr<const void> open_;
  std::uint64_t dropped_ = 0;
  bool gap_ = false;
};

class Notifications {
 public:
  // `buffer`: messages that wait for a listener; when it is full the newest is dropped.
  explicit Notifications(store::Store& store, RepoOptions options = {}, std::size_t buffer = 100);

  std::string WorkflowChannel(std::string_view workflow_id) const;
  std::string TaskChannel(std::string_view task_id) const;

  // To how many. Errors: kInvalidArgument (channel empty, no JSON). One round trip.
  Result<std::int64_t> Publish(std::string_view channel, std::string_view json);
  // To the channel of its task and of its workflow, those that it names. Errors: kInvalidArgument
  // when it names neither, or for data that is no JSON. One round trip.
  Result<std::int64_t> PublishEvent(const NotificationEvent& event);

  // Returns once subscribed: what is published afterwards is seen. Errors: kInvalidArgument for an
  // empty list.
  Result<std::unique_ptr<NotificationListener>> Subscribe(std::vector<std::string> channels);
  Result<std::unique_ptr<NotificationListener>> SubscribePattern(std::vector<std::string> patterns);

 private:
  Result<std::unique_ptr<NotificationListener>> Listen(std::vector<std::string> channels,
                                                       std::vector<std::string> patterns);

  store::Store& store_;  // borrowed
  const RepoOptions options_;
  const std::size_t buffer_;
};

}  // namespace satchel::repos
