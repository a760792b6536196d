// ForwardingStore: passes everything on; what a test wants to see or to change, it overrides.

#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/store.h"

namespace satchel::store {

class ForwardingStore : public Store {
 public:
  explicit ForwardingStore(Store& inner) : inner_(inner) {}

  using Store::Run;
  Result<ReplyValue> Run(Args args, const CallOptions& options) override {
    return inner_.Run(args, options);
  }
  std::vector<Result<ReplyValue>> Pipeline(std::span<const CommandLine> lines,
                                           const CallOptions& options) override {
    return inner_.Pipeline(lines, options);
  }
  void RunAsync(CommandLine line, std::function<void(Result<ReplyValue>)> done) override {
    inner_.RunAsync(std::move(line), std::move(done));
  }
  void PipelineAsync(std::vector<CommandLine> lines,
                     std::function<void(std::vector<Result<ReplyValue>>)> done) override {
    inner_.PipelineAsync(std::move(lines), std::move(done));
  }
  Result<std::unique_ptr<Connection>> Connect() override { return inner_.Connect(); }
  Result<std::unique_ptr<Subscription>> Subscribe(
      std::vector<std::string> channels, std::vector<std::string> patterns,
      std::function<void(const Message&)> on_message) override {
    return inner_.Subscribe(std::move(channels), std::move(patterns), std::move(on_message));
  }
  Clock& clock() override { return inner_.clock(); }
  std::string_view driver() const override { return inner_.driver(); }

 protected:
  Store& inner_;  // borrowed
};

}  // namespace satchel::store
