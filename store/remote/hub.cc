#include "store/remote/hub.h"

#include <algorithm>
#include <utility>

#include "resp/command_writer.h"
#include "store/store.h"

namespace satchel::store {
namespace {

std::string Encode(std::string_view command, const std::vector<std::string>& names) {
  std::vector<std::string_view> line = {command};
  line.insert(line.end(), names.begin(), names.end());
  std::string bytes;
  resp::AppendCommand(bytes, line);
  return bytes;
}

Error Closed() { return MakeError(ErrorCode::kClosed, "the store was closed"); }

}  // namespace

void Hub::Joined(const SubscriberPtr& subscriber, Result<void> result) {
  if (subscriber->joined) std::exchange(subscriber->joined, nullptr)(std::move(result));
}

void Hub::Join(const SubscriberPtr& subscriber) {
  if (closed_) return Joined(subscriber, Closed());
  subscribers_.push_back(subscriber);
  for (const std::string& name : subscriber->channels) channels_[name].push_back(subscriber);
  for (const std::string& name : subscriber->patterns) patterns_[name].push_back(subscriber);
  const std::int64_t patience_us =
      std::chrono::microseconds(core_.options().connect_timeout + core_.options().read_timeout)
          .count();
  core_.loop().AddTimer(core_.loop().now_us() + patience_us,
                        [this, subscriber] { GiveUp(subscriber); });
  if (link_ != nullptr) return Send(subscriber);
  if (!dialing_) Dial();
}

void Hub::GiveUp(const SubscriberPtr& subscriber) {
  if (!subscriber->joined) return;
  Joined(subscriber, MakeError(ErrorCode::kTimeout, "not subscribed in time"));
  Leave(subscriber);
}

void Hub::Leave(const SubscriberPtr& subscriber) {
  if (closed_ || std::erase(subscribers_, subscriber) == 0) return;
  Drop(channels_, subscriber->channels, subscriber, "UNSUBSCRIBE");
  Drop(patterns_, subscriber->patterns, subscriber, "PUNSUBSCRIBE");
}

void Hub::Drop(Names& all, const std::vector<std::string>& names, const SubscriberPtr& subscriber,
               std::string_view command) {
  std::vector<std::string> unwanted;
  for (const std::string& name : names) {
    const auto at = all.find(name);
    if (at == all.end()) continue;
    std::erase(at->second, subscriber);
    if (!at->second.empty()) continue;
    all.erase(at);
    unwanted.push_back(name);
  }
  if (link_ != nullptr && !unwanted.empty()) link_->SendUnpaired(Encode(command, unwanted));
}

void Hub::Close() {
  closed_ = true;
  for (const SubscriberPtr& subscriber : subscribers_) Joined(subscriber, Closed());
  if (link_ != nullptr) link_->Close(Closed());
}

void Hub::Dial() {
  if (closed_) return;
  if (subscribers_.empty()) {
    dialing_ = false;
    return;
  }
  dialing_ = true;
  Link::Dial(core_, *this);
}

void Hub::OnOpen(Link& link) {
  link_ = &link;
  dialing_ = false;
  failures_ = 0;
  for (const SubscriberPtr& subscriber : subscribers_) Send(subscriber);
}

void Hub::Send(const SubscriberPtr& subscriber) {
  const bool has_channels = !subscriber->channels.empty();
  const bool has_patterns = !subscriber->patterns.empty();
  if (has_channels) {
    link_->SendUnpaired(Encode("SUBSCRIBE", subscriber->channels));
    unconfirmed_.push_back({subscriber, subscriber->channels.size(), !has_patterns});
  }
  if (has_patterns) {
    link_->SendUnpaired(Encode("PSUBSCRIBE", subscriber->patterns));
    unconfirmed_.push_back({subscriber, subscriber->patterns.size(), true});
  }
}

void Hub::OnPush(ReplyValue value) {
  if (value.is_error()) return OnRefused(ErrorOfReply(value.text));
  if (!value.is_aggregate() || value.items.empty()) return;
  const std::string& kind = value.items[0].text;
  if (kind == "message" && value.items.size() == 3) Deliver(channels_, value, 1);
  if (kind == "pmessage" && value.items.size() == 4) Deliver(patterns_, value, 1);
  if (kind == "subscribe" || kind == "psubscribe") OnConfirmed();
}

void Hub::Deliver(const Names& names, const ReplyValue& value, std::size_t name_index) {
  const auto at = names.find(value.items[name_index].text);
  if (at == names.end()) return;
  const auto message = std::make_shared<engine::PushMessage>();
  const std::size_t count = value.items.size();
  if (count == 4) message->pattern = value.items[1].text;
  message->channel = value.items[count - 2].text;
  message->payload = value.items[count - 1].text;
  for (const SubscriberPtr& subscriber : at->second) subscriber->box->Deliver(message);
}

void Hub::OnConfirmed() {
  if (unconfirmed_.empty()) return;
  Unconfirmed& front = unconfirmed_.front();
  if (--front.names > 0) return;
  const SubscriberPtr subscriber = std::move(front.subscriber);
  const bool last = front.last;
  unconfirmed_.pop_front();
  if (last) Joined(subscriber, {});
}

// The answer to a whole command: the server lets nobody subscribe to some of its names.
void Hub::OnRefused(const Error& error) {
  if (unconfirmed_.empty()) return;
  const SubscriberPtr subscriber = std::move(unconfirmed_.front().subscriber);
  unconfirmed_.pop_front();
  const bool was_joined = !subscriber->joined;
  Joined(subscriber, error);
  if (was_joined) {
    ++subscriber->lost_links;
  } else {
    Leave(subscriber);
  }
}

void Hub::OnLost(const Error& reason, std::vector<Link::Unanswered> /*unanswered*/) {
  const bool was_open = std::exchange(link_, nullptr) != nullptr;
  unconfirmed_.clear();
  if (closed_) return;
  std::vector<SubscriberPtr> hopeless;
  for (const SubscriberPtr& subscriber : subscribers_) {
    if (!subscriber->joined) {
      if (was_open) ++subscriber->lost_links;
    } else if (++subscriber->failures > core_.options().retries) {
      hopeless.push_back(subscriber);
    }
  }
  for (const SubscriberPtr& subscriber : hopeless) {
    Joined(subscriber, MakeError(ErrorCode::kUnavailable, "not sent: " + reason.detail));
    Leave(subscriber);
  }
  failures_ = was_open ? 0 : failures_ + 1;
  dialing_ = true;
  const std::int64_t pause_us = core_.Backoff(failures_ + 1).count();
  core_.loop().AddTimer(core_.loop().now_us() + pause_us, [this] { Dial(); });
}

}  // namespace satchel::store
