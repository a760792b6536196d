#include "store/open.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "tests/store/stores.h"

namespace satchel::store {
namespace {

Config Read(std::map<std::string, std::string> environment) {
  auto config = LoadConfig({.environment = std::move(environment)});
  EXPECT_TRUE(config) << config.error().detail;
  return std::move(*config);
}

std::string SharedAddress() { return "127.0.0.1:" + std::to_string(SharedRedis().port()); }

TEST(OpenStore, TheModeDecides) {
  auto standalone = OpenStore(Read({}));
  ASSERT_TRUE(standalone);
  EXPECT_EQ((*standalone)->driver(), "embedded");
  auto distributed = OpenStore(
      Read({{"SATCHEL_MODE", "distributed"}, {"SATCHEL_DISTRIBUTED__SEEDS", SharedAddress()}}));
  ASSERT_TRUE(distributed) << distributed.error().detail;
  EXPECT_EQ((*distributed)->driver(), "redis");
}

TEST(OpenStore, AComponentMayDiffer) {
  const Config config = Read(
      {{"SATCHEL_MEMORY__MODE", "distributed"}, {"SATCHEL_DISTRIBUTED__SEEDS", SharedAddress()}});
  EXPECT_EQ((*OpenStore(config, Component::kMemory))->driver(), "redis");
  EXPECT_EQ((*OpenStore(config, Component::kAuth))->driver(), "embedded");
}

TEST(OpenStore, ComponentsOfOneModeShareAStore) {
  const Config config = Read(
      {{"SATCHEL_MEMORY__MODE", "distributed"}, {"SATCHEL_DISTRIBUTED__SEEDS", SharedAddress()}});
  auto stores = Stores::Open(config);
  ASSERT_TRUE(stores) << stores.error().detail;
  EXPECT_EQ(&(*stores)->Of(Component::kStore), &(*stores)->Of(Component::kAuth));
  EXPECT_EQ((*stores)->Of(Component::kMemory).driver(), "redis");
}

TEST(OpenStore, AnUnreachableServerIsAnError) {
  const Config config = Read(
      {{"SATCHEL_MODE", "distributed"}, {"SATCHEL_DISTRIBUTED__SEEDS", "unix:///nowhere/socket"}});
  EXPECT_EQ(OpenStore(config).error().code, ErrorCode::kUnavailable);
}

TEST(OpenStore, EveryKeyReachesItsOption) {
  const Config config = Read({
      {"SATCHEL_MODE", "distributed"},
      {"SATCHEL_DISTRIBUTED__SEEDS", "redis://u@h:1/3"},
      {"SATCHEL_DISTRIBUTED__PASSWORD", "p"},
      {"SATCHEL_DISTRIBUTED__POOL__SIZE", "7"},
      {"SATCHEL_DISTRIBUTED__POOL__CONNECTIONS", "5"},
      {"SATCHEL_DISTRIBUTED__TIMEOUT__READ", "11ms"},
      {"SATCHEL_DISTRIBUTED__RETRY__MAX", "9"},
  });
  const auto options = RemoteOptionsOf(config);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->address.host, "h");
  EXPECT_EQ(options->username, "u");
  EXPECT_EQ(options->password, "p");
  EXPECT_EQ(options->db, 3);
  EXPECT_EQ(options->pool_size, 7);
  EXPECT_EQ(options->connections, 5);
  EXPECT_EQ(options->read_timeout, std::chrono::milliseconds(11));
  EXPECT_EQ(options->retries, 9);
  const EmbeddedOptions embedded =
      EmbeddedOptionsOf(Read({{"SATCHEL_PERSISTENCE__DATA_DIR", "d"},
                              {"SATCHEL_STORE__DATABASES", "3"},
                              {"SATCHEL_PERSISTENCE__SNAPSHOT_INTERVAL", "7s"}}));
  EXPECT_EQ(embedded.data_dir, "d");
  EXPECT_EQ(embedded.databases, 3);
  EXPECT_EQ(embedded.snapshot_interval, std::chrono::seconds(7));
  EXPECT_EQ(embedded.durability, Durability::kSnapshot);
}

TEST(OpenStore, WhatIsInTheDataDirectoryIsThereAgain) {
  std::string dir = testing::TempDir() + "satchel-open-XXXXXX";
  ASSERT_NE(mkdtemp(dir.data()), nullptr);
  const Config config = Read({{"SATCHEL_PERSISTENCE__DATA_DIR", dir + "/data"}});
  {
    auto store = OpenStore(config);
    ASSERT_TRUE(store) << store.error().detail;
    ASSERT_TRUE((*store)->Run({"SET", "k", "v", "PXAT", "4102444800123"}));
  }
  {
    auto store = OpenStore(config);
    ASSERT_TRUE(store) << store.error().detail;
    EXPECT_EQ((*store)->Run({"GET", "k"})->text, "v");
    EXPECT_EQ((*store)->Run({"PEXPIRETIME", "k"})->integer, 4102444800123);
  }
  std::filesystem::remove_all(dir);
}

TEST(OpenStore, WithoutPersistenceNoDirectoryIsUsed) {
  const EmbeddedOptions options = EmbeddedOptionsOf(
      Read({{"SATCHEL_PERSISTENCE__DATA_DIR", "d"}, {"SATCHEL_PERSISTENCE__ENABLED", "false"}}));
  EXPECT_EQ(options.data_dir, "");
}

}  // namespace
}  // namespace satchel::store
