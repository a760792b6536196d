#include "repos/notifications.h"

#include <fmt/format.h>

#include "base/check.h"
#include "repos/errors.h"
#include "repos/json.h"
#include "repos/keys.h"
#include "store/commands.h"

namespace satchel::repos {

std::string NotificationJson(const NotificationEvent& event) {
  std::string json = "{\"workflow_id\":" + JsonString(event.workflow_id);
  if (event.task_id) json += ",\"task_id\":" + JsonString(*event.task_id);
  json += ",\"event\":" + JsonString(event.event) + ",\"status\":" + JsonString(event.status);
  if (event.data) json += ",\"data\":" + *event.data;
  return json + fmt::format(",\"timestamp\":{}}}", event.timestamp_ms);
}

Result<std::optional<Notification>> NotificationListener::Next(std::chrono::milliseconds wait) {
  const std::int64_t deadline_us = clock_.NowUs() + std::chrono::microseconds(wait).count();
  while (true) {
    Inbox::Taken taken = inbox_->Take(deadline_us);
    dropped_ += taken.dropped;
    gap_ = gap_ || taken.gap;
    if (taken.message) {
      Notification notification{.channel = std::move(taken.message->channel),
                                .payload = std::move(taken.message->payload),
                                .dropped = std::exchange(dropped_, 0),
                                .gap = std::exchange(gap_, false)};
      return std::optional(std::move(notification));
    }
    if (taken.is_closed) return MakeError(ErrorCode::kClosed, "notifications: closed");
    if (clock_.NowUs() >= deadline_us) return std::optional<Notification>();
  }
}

Notifications::Notifications(store::Store& store, RepoOptions options, std::size_t buffer)
    : store_(store), options_(std::move(options)), buffer_(buffer) {
  SATCHEL_CHECK(CheckRepoOptions(options_).has_value() && buffer_ > 0);
}

std::string Notifications::WorkflowChannel(std::string_view workflow_id) const {
  return fmt::format("{}:ev:{}:workflow:{}", options_.Namespace(), Escape(options_.tenant),
                     Escape(workflow_id));
}

std::string Notifications::TaskChannel(std::string_view task_id) const {
  return fmt::format("{}:ev:{}:task:{}", options_.Namespace(), Escape(options_.tenant),
                     Escape(task_id));
}

Result<std::int64_t> Notifications::Publish(std::string_view channel, std::string_view json) {
  if (channel.empty()) return Invalid("channel", "must not be empty");
  SATCHEL_TRY(CheckJson("json", json));
  return store::Commands(store_).Publish(channel, json);
}

Result<std::int64_t> Notifications::PublishEvent(const NotificationEvent& event) {
  SATCHEL_TRY(CheckComponent("workflow_id", event.workflow_id));
  SATCHEL_TRY(CheckComponent("task_id", event.task_id.value_or("")));
  if (event.data) SATCHEL_TRY(CheckJson("data", *event.data));
  const std::string json = NotificationJson(event);
  std::vector<store::CommandLine> lines;
  if (event.task_id) lines.push_back({"PUBLISH", TaskChannel(*event.task_id), json});
  if (!event.workflow_id.empty()) {
    lines.push_back({"PUBLISH", WorkflowChannel(event.workflow_id), json});
  }
  if (lines.empty()) return Invalid("workflow_id", "neither a workflow nor a task is named");
  std::int64_t receivers = 0;
  for (auto& reply : store_.Pipeline(lines)) {
    if (!reply) return std::move(reply.error());
    receivers += reply->integer;
  }
  return receivers;
}

Result<std::unique_ptr<NotificationListener>> Notifications::Listen(
    std::vector<std::string> channels, std::vector<std::string> patterns) {
  SATCHEL_ASSIGN(auto inbox, Inbox::Open(store_, *options_.clock, std::move(channels),
                                         std::move(patterns), buffer_));
  return std::make_unique<NotificationListener>(std::move(inbox), *options_.clock);
}

Result<std::unique_ptr<NotificationListener>> Notifications::Subscribe(
    std::vector<std::string> channels) {
  if (channels.empty()) return Invalid("channels", "one at least");
  return Listen(std::move(channels), {});
}

Result<std::unique_ptr<NotificationListener>> Notifications::SubscribePattern(
    std::vector<std::string> patterns) {
  if (patterns.empty()) return Invalid("patterns", "one at least");
  return Listen({}, std::move(patterns));
}

}  // namespace satchel::repos
