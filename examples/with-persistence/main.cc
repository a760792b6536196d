// Data that survives: values of every type with deadlines, written by one process and read by
// the next one.
//
//   example_with_persistence write          writes and stops in an orderly way
//   example_with_persistence read           prints what is there
//   example_with_persistence save-and-die   changes, takes a snapshot, changes more, dies

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "store/commands.h"
#include "store/open.h"

using satchel::Result;
using satchel::store::Commands;
using satchel::store::Connection;
using satchel::store::Store;

namespace {

// Far away, and the same in every run: deadlines are points in time, not spans.
constexpr std::int64_t kDeadlineMs = 4'102'444'800'123;  // 2100-01-01

Result<void> Write(Store& store) {
  Commands data(store);
  SATCHEL_TRY(data.Set("string", "text"));
  SATCHEL_TRY(data.RPush("list", {"a", "b", "c"}));
  SATCHEL_TRY(data.HSet("hash", {{"field", "value"}}));
  SATCHEL_TRY(data.SAdd("set", {"member"}));
  SATCHEL_TRY(data.ZAdd("zset", {{1.5, "low"}, {2.5, "high"}}));
  for (const char* key : {"string", "list", "hash", "set", "zset"}) {
    SATCHEL_TRY(data.ExpireAt(key, kDeadlineMs));
  }
  SATCHEL_TRY(data.Set("forever", "no deadline"));
  SATCHEL_ASSIGN(const auto other, store.Connect());
  SATCHEL_TRY(other->Run({"SELECT", "1"}));
  SATCHEL_TRY(other->Run({"SET", "elsewhere", "in database 1"}));
  std::printf("written\n");
  return {};
}

Result<void> Read(Store& store) {
  Commands data(store);
  SATCHEL_ASSIGN(const auto text, data.Get("string"));
  SATCHEL_ASSIGN(const auto list, data.LRange("list", 0, -1));
  SATCHEL_ASSIGN(const auto field, data.HGet("hash", "field"));
  SATCHEL_ASSIGN(const bool member, data.SIsMember("set", "member"));
  SATCHEL_ASSIGN(const auto scores, data.ZRangeWithScores("zset", 0, -1));
  std::printf("string: %s\n", text.value_or("gone").c_str());
  std::printf("list: %zu elements\n", list.size());
  std::printf("hash: field = %s\n", field.value_or("gone").c_str());
  std::printf("set: member is %s\n", member ? "there" : "gone");
  for (const auto& entry : scores)
    std::printf("zset: %s = %g\n", entry.member.c_str(), entry.score);
  for (const char* key : {"string", "list", "hash", "set", "zset", "forever"}) {
    SATCHEL_ASSIGN(const auto deadline, store.Run({"PEXPIRETIME", key}));
    std::printf("deadline of %s: %lld\n", key, static_cast<long long>(deadline.integer));
  }
  SATCHEL_ASSIGN(const auto after, data.Get("after the snapshot"));
  SATCHEL_ASSIGN(const auto before, data.Get("before the snapshot"));
  std::printf("before the snapshot: %s\n", before.value_or("not written").c_str());
  std::printf("after the snapshot: %s\n", after.value_or("not written").c_str());
  SATCHEL_ASSIGN(const auto other, store.Connect());
  SATCHEL_TRY(other->Run({"SELECT", "1"}));
  SATCHEL_ASSIGN(const auto elsewhere, other->Run({"GET", "elsewhere"}));
  std::printf("elsewhere: %s\n", elsewhere.text.c_str());
  return {};
}

Result<void> SaveAndDie(Store& store) {
  Commands data(store);
  SATCHEL_TRY(data.Set("before the snapshot", "kept"));
  SATCHEL_TRY(store.Run({"SAVE"}));
  SATCHEL_TRY(data.Set("after the snapshot", "kept"));
  std::printf("dying\n");
  std::fflush(stdout);
  kill(getpid(), SIGKILL);
  return {};
}

Result<void> Run(const std::string& what) {
  SATCHEL_ASSIGN(const auto config,
                 satchel::store::LoadConfig({.environment = satchel::store::SatchelEnvironment()}));
  SATCHEL_ASSIGN(const auto store, satchel::store::OpenStore(config));
  if (what == "write") return Write(*store);
  if (what == "read") return Read(*store);
  if (what == "save-and-die") return SaveAndDie(*store);
  return satchel::MakeError(satchel::ErrorCode::kInvalidArgument, "write, read or save-and-die?");
}

}  // namespace

int main(int argc, char** argv) {
  const Result<void> done = Run(argc > 1 ? argv[1] : "");
  if (done) return 0;
  std::fprintf(stderr, "%s\n", done.error().detail.c_str());
  return 1;
}
