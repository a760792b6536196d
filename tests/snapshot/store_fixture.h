// Embedded stores with a data directory: opened, filled by command lines, closed, opened again.

#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "engine/digest.h"
#include "store/embedded/embedded_store.h"
#include "tests/snapshot/temp_dir.h"

namespace satchel::snapshot {

class SnapshotStoreTest : public testing::Test {
 protected:
  using Store = std::unique_ptr<store::EmbeddedStore>;

  store::EmbeddedOptions Options() {
    store::EmbeddedOptions options;
    options.data_dir = dir_ / "data";
    options.snapshot_interval = std::chrono::milliseconds(0);
    options.min_free_bytes = 0;
    options.on_event = [this](const Event& event) {
      const std::lock_guard lock(mutex_);
      events_.push_back(event.text);
    };
    return options;
  }
  Store Open() { return OpenWith(Options()); }
  Store OpenWith(const store::EmbeddedOptions& options) {
    auto store = store::EmbeddedStore::Open(options);
    if (store) return std::move(*store);
    ADD_FAILURE() << store.error().detail;
    return nullptr;
  }
  // The error of an Open that must fail.
  Error OpenError(const store::EmbeddedOptions& options) {
    auto store = store::EmbeddedStore::Open(options);
    EXPECT_FALSE(store);
    return store ? Error{} : store.error();
  }
  Error OpenError() { return OpenError(Options()); }

  // A line with redis-cli's quoting, in database `db`; the reply as DebugText.
  static std::string Run(const Store& store, std::string_view line, int db = 0) {
    const auto words = SplitArgs(line);
    const std::vector<std::string_view> args(words->begin(), words->end());
    engine::Session session(engine::Session::Kind::kInProcess, nullptr);
    ValueSink sink(true);
    const ExecutionGuard guard(store->lock());
    store->engine().AddSession(session);
    session.db = db;
    store->engine().Execute(session, args, sink);
    store->engine().RemoveSession(session);
    return DebugText(sink.Take());
  }

  // Digest of all keys with their deadlines.
  static std::string Digest(const Store& store) {
    const ExecutionGuard guard(store->lock());
    const engine::Keyspace& keyspace = store->engine().keyspace();
    Sha1Digest total{};
    for (int i = 0; i < keyspace.databases(); ++i) {
      keyspace.db(i).table.ForEach([&](const engine::Entry* entry) {
        const Sha1Digest one = engine::EntryDigest(*entry);
        for (std::size_t b = 0; b < one.size(); ++b) {
          total[(b + static_cast<std::size_t>(i)) % total.size()] ^= one[b];
        }
        return true;
      });
    }
    return engine::DigestText(total);
  }

  // Waits for a background save that was started, and returns rdb_last_bgsave_status.
  static std::string WaitForSave(const Store& store) {
    while (Info(store, "rdb_bgsave_in_progress") != "0") {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return Info(store, "rdb_last_bgsave_status");
  }
  // A field of INFO persistence.
  static std::string Info(const Store& store, const std::string& field) {
    const auto reply = store->Run({"INFO", "persistence"});
    for (std::string_view line : Split(reply->text, '\n')) {
      if (line.substr(0, field.size() + 1) != field + ":") continue;
      return std::string(Trim(line.substr(field.size() + 1)));
    }
    return "(absent)";
  }

  std::vector<std::string> Events() {
    const std::lock_guard lock(mutex_);
    return events_;
  }

  TempDir dir_;

 private:
  std::mutex mutex_;
  std::vector<std::string> events_;  // guarded by mutex_
};

}  // namespace satchel::snapshot
