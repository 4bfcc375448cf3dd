// A test that has an empty folder to itself: tests run at the same time.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace scrim::train {

class FolderTest : public ::testing::Test {
 protected:
  FolderTest() {
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
  }
  ~FolderTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  const std::filesystem::path root_ = std::filesystem::path(::testing::TempDir()) / Name();

 private:
  static std::string Name() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    return std::string("scrim_") + test->test_suite_name() + "_" + test->name() + "_" + std::to_string(getpid());
  }
};

}  // namespace scrim::train
