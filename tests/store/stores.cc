#include "tests/store/stores.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/check.h"

namespace satchel::store {

std::string KindName(StoreKind kind) {
  switch (kind) {
    case StoreKind::kEmbedded:
      return "Embedded";
    case StoreKind::kEmbeddedManualClock:
      return "EmbeddedManualClock";
    case StoreKind::kRemote:
      return "Remote";
    case StoreKind::kRemoteResp2:
      return "RemoteResp2";
    case StoreKind::kRemoteUnixSocket:
      return "RemoteUnixSocket";
  }
  return "?";
}

oracle::ServerProcess& SharedRedis() {
  static const std::unique_ptr<oracle::ServerProcess> server = [] {
    auto started = oracle::StartRedis();
    SATCHEL_CHECK(started.has_value());
    return std::move(*started);
  }();
  return *server;
}

RemoteOptions OptionsFor(const oracle::ServerProcess& server) {
  RemoteOptions options;
  options.address.host = "127.0.0.1";
  options.address.port = static_cast<std::uint16_t>(server.port());
  return options;
}

std::unique_ptr<RemoteStore> OpenRemote(const RemoteOptions& options) {
  auto store = RemoteStore::Open(options);
  EXPECT_TRUE(store) << store.error().detail;
  SATCHEL_CHECK(store.has_value());
  return std::move(*store);
}

StoreUnderTest::StoreUnderTest(StoreKind kind) : kind_(kind) {
  if (!is_remote()) {
    EmbeddedOptions options;
    if (is_manual()) options.clock = &clock_;
    auto store = EmbeddedStore::Open(options);
    SATCHEL_CHECK(store.has_value());
    store_ = std::move(*store);
    return;
  }
  RemoteOptions options = OptionsFor(SharedRedis());
  if (kind == StoreKind::kRemoteResp2) options.protocol = 2;
  if (kind == StoreKind::kRemoteUnixSocket) options.address.unix_path = RedisSocket(SharedRedis());
  store_ = OpenRemote(options);
  EXPECT_TRUE(store_->Run({"FLUSHALL"}));
}

StoreUnderTest::~StoreUnderTest() = default;

void StoreUnderTest::Pass(std::chrono::milliseconds span) {
  if (is_manual()) {
    clock_.Advance(span);
  } else {
    std::this_thread::sleep_for(span);
  }
}

}  // namespace satchel::store
