#include "repos/notifications.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "repos/errors.h"
#include "repos/json.h"
#include "repos/keys.h"
#include "repos/metrics.h"
#include "store/commands.h"

namespace satchel::repos {

namespace {

// By the names that Notifications gives its channels.
ChannelKind KindOf(std::string_view channel) {
  if (channel.find(":ev:") == channel.npos) return ChannelKind::kOther;
  const std::string_view rest = channel.substr(channel.find(":ev:") + 4);
  const std::string_view after = rest.substr(std::min(rest.find(':'), rest.size()));
  if (after.starts_with(":workflow:")) return ChannelKind::kWorkflow;
  return after.starts_with(":task:") ? ChannelKind::kTask : ChannelKind::kOther;
}

}  // namespace

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
      if (count_) count_(notification);
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
  return Counted(options_, store_, RepoOp::kNotificationsPublish, [&]() -> Result<std::int64_t> {
    if (channel.empty()) return Invalid("channel", "must not be empty");
    SATCHEL_TRY(CheckJson("json", json));
    auto receivers = store::Commands(store_).Publish(channel, json);
    if (receivers) {
      Meter(options_, store_).Add(Family::kNotificationsPublished, 1, KindOf(channel));
    }
    return receivers;
  });
}

Result<std::int64_t> Notifications::PublishEvent(const NotificationEvent& event) {
  return Counted(options_, store_, RepoOp::kNotificationsPublishEvent,
                 [&]() -> Result<std::int64_t> {
                   SATCHEL_TRY(CheckComponent("workflow_id", event.workflow_id));
                   SATCHEL_TRY(CheckComponent("task_id", event.task_id.value_or("")));
                   if (event.data) SATCHEL_TRY(CheckJson("data", *event.data));
                   const std::string json = NotificationJson(event);
                   std::vector<store::CommandLine> lines;
                   if (event.task_id)
                     lines.push_back({"PUBLISH", TaskChannel(*event.task_id), json});
                   if (!event.workflow_id.empty()) {
                     lines.push_back({"PUBLISH", WorkflowChannel(event.workflow_id), json});
                   }
                   if (lines.empty())
                     return Invalid("workflow_id", "neither a workflow nor a task is named");
                   std::int64_t receivers = 0;
                   const Meter meter(options_, store_);
                   auto replies = store_.Pipeline(lines);
                   for (std::size_t i = 0; i < replies.size(); ++i) {
                     if (!replies[i]) return std::move(replies[i].error());
                     receivers += replies[i]->integer;
                     meter.Add(Family::kNotificationsPublished, 1, KindOf(lines[i][1]));
                   }
                   return receivers;
                 });
}

Result<std::unique_ptr<NotificationListener>> Notifications::Listen(
    std::vector<std::string> channels, std::vector<std::string> patterns) {
  const Meter meter(options_, store_);
  std::vector<ChannelKind> kinds;
  for (const auto* names : {&channels, &patterns}) {
    for (const std::string& name : *names) kinds.push_back(KindOf(name));
  }
  SATCHEL_ASSIGN(auto inbox, Inbox::Open(store_, *options_.clock, std::move(channels),
                                         std::move(patterns), buffer_));
  NotificationListener::Count count;
  std::shared_ptr<const void> open;
  if (meter.is_on()) {
    const auto move = [meter, kinds = std::move(kinds)](std::int64_t by) {
      for (const ChannelKind kind : kinds) meter.Move(Family::kNotificationChannels, by, kind);
    };
    move(1);
    open = AtTheEnd([move] { move(-1); });
    count = [meter](const Notification& received) {
      meter.Add(Family::kNotificationsReceived, 1, KindOf(received.channel));
      meter.Add(Family::kNotificationsDropped, received.dropped);
    };
  }
  return std::make_unique<NotificationListener>(std::move(inbox), *options_.clock, std::move(count),
                                                std::move(open));
}

Result<std::unique_ptr<NotificationListener>> Notifications::Subscribe(
    std::vector<std::string> channels) {
  return Counted(options_, store_, RepoOp::kNotificationsSubscribe,
                 [&]() -> Result<std::unique_ptr<NotificationListener>> {
                   if (channels.empty()) return Invalid("channels", "one at least");
                   return Listen(std::move(channels), {});
                 });
}

Result<std::unique_ptr<NotificationListener>> Notifications::SubscribePattern(
    std::vector<std::string> patterns) {
  return Counted(options_, store_, RepoOp::kNotificationsSubscribePattern,
                 [&]() -> Result<std::unique_ptr<NotificationListener>> {
                   if (patterns.empty()) return Invalid("patterns", "one at least");
                   return Listen({}, std::move(patterns));
                 });
}

}  // namespace satchel::repos
