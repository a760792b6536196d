// Mailman: the thread of a store that hands messages to in-process subscribers, in order and
// without the execution lock. It starts with the first subscription.

#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "engine/session.h"
#include "store/store.h"

namespace satchel::store {

// One subscriber: the engine's Peer on one side, the program's callback on the other.
class Mailman {
 public:
  class Box final : public engine::Peer {
   public:
    Box(Mailman& mailman, std::function<void(const Message&)> on_message)
        : mailman_(mailman), on_message_(std::move(on_message)) {}

    std::string Address() const override { return "in-process"; }
    std::string LocalAddress() const override { return "in-process"; }
    int FileDescriptor() const override { return -1; }
    std::size_t InputBytes() const override { return 0; }
    std::size_t OutputBytes() const override { return 0; }
    void Deliver(const std::shared_ptr<const engine::PushMessage>& message) override;
    void Close(bool) override {}
    void ProtocolChanged(int) override {}

   private:
    friend class Mailman;
    Mailman& mailman_;  // borrowed; outlives the box
    std::function<void(const Message&)> on_message_;
    std::uint64_t gaps_ = 0;   // guarded by the mailman's mutex
    std::size_t waiting_ = 0;  // guarded by the mailman's mutex
    bool closed_ = false;      // guarded by the mailman's mutex
  };

  ~Mailman();

  std::shared_ptr<Box> NewBox(std::function<void(const Message&)> on_message);
  // No callback of `box` runs after this; may be called from inside one.
  void Close(Box& box);
  // Waits until all that was delivered so far has been handed over.
  void Drain();
  std::uint64_t GapsOf(const Box& box);

 private:
  static constexpr std::size_t kMaxWaiting = 65536;  // messages a subscriber, then gaps

  struct Letter {
    std::shared_ptr<Box> box;
    std::shared_ptr<const engine::PushMessage> message;
  };
  void Loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Letter> letters_;               // guarded by mutex_
  std::vector<std::shared_ptr<Box>> boxes_;  // guarded by mutex_
  const Box* delivering_ = nullptr;          // guarded by mutex_
  bool stopping_ = false;                    // guarded by mutex_
  std::thread thread_;                       // guarded by mutex_
};

}  // namespace satchel::store
