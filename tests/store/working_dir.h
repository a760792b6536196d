// A test that runs in an empty directory of its own, so that no file is found by chance.

#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace satchel::store {

class WorkingDirTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "satchel-config-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    before_ = std::filesystem::current_path();
    dir_ = name;
    std::filesystem::current_path(dir_);
  }
  void TearDown() override {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(dir_);
  }

  static void Write(const std::string& name, const std::string& text) {
    std::ofstream(name) << text;
  }

  std::filesystem::path before_;
  std::filesystem::path dir_;
};

}  // namespace satchel::store
