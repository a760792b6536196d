// One program, two modes: the configuration decides where its records live.
//
//   example_basic                                     in this process
//   SATCHEL_MODE=distributed SATCHEL_DISTRIBUTED__SEEDS=localhost:6379 example_basic
//                                                     in a Redis server

#include <cstdio>
#include <string>

#include "repos/storage_backend.h"
#include "store/open.h"

using satchel::Error;
using satchel::Result;
using satchel::repos::Record;
using satchel::repos::RecordKey;
using satchel::repos::StorageBackend;
using satchel::repos::StorageBackendOptionsOf;

namespace {

Result<void> Work(StorageBackend& records) {
  const RecordKey report{"alice", "report"};
  const RecordKey upload{"alice", "upload"};
  SATCHEL_ASSIGN(const auto first, records.Put(report, R"({"state": "waiting"})"));
  std::printf("report: version %lu\n", static_cast<unsigned long>(first));
  SATCHEL_ASSIGN(const auto second, records.PutIfVersion(report, R"({"state": "done"})", first));
  std::printf("report: version %lu\n", static_cast<unsigned long>(second));

  // Somebody who still holds the first version is told so.
  const auto late = records.PutIfVersion(report, R"({"state": "failed"})", first);
  std::printf("late writer: %s, actual version %lu\n",
              std::string(satchel::ErrorCodeName(late.error().code)).c_str(),
              static_cast<unsigned long>(late.error().actual));

  SATCHEL_TRY(records.Put(upload, R"({"state": "waiting", "task": {"createdAt": 1}})"));
  SATCHEL_ASSIGN(const auto listed, records.ListByPrefix(RecordKey::OwnerPrefix("alice")));
  for (const Record& record : listed) {
    std::printf("%s: %s\n", record.key.ToText().c_str(), record.data.c_str());
  }
  SATCHEL_TRY(records.Delete(report));
  SATCHEL_TRY(records.Delete(upload));
  std::printf("report after deletion: %s\n",
              std::string(satchel::ErrorCodeName(records.Get(report).error().code)).c_str());
  return {};
}

Result<void> Run() {
  using satchel::store::Component;
  SATCHEL_ASSIGN(const auto config,
                 satchel::store::LoadConfig({.environment = satchel::store::SatchelEnvironment()}));
  SATCHEL_ASSIGN(const auto store, satchel::store::OpenStore(config, Component::kTasksBackend));
  StorageBackend records(*store, StorageBackendOptionsOf(config));
  return Work(records);
}

}  // namespace

int main() {
  const Result<void> done = Run();
  if (done) return 0;
  std::fprintf(stderr, "%s\n", done.error().detail.c_str());
  return 1;
}
