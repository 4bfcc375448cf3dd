#include "nn/targets.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "nn/peak.h"
#include "nn/program.h"

namespace scrim::nn {
namespace {

// nullptr: it goes.
void SetVariable(const char* value) {
#if defined(_WIN32)
  _putenv_s("SCRIM_TARGET", value != nullptr ? value : "");
#else
  if (value != nullptr)
    setenv("SCRIM_TARGET", value, 1);
  else
    unsetenv("SCRIM_TARGET");
#endif
}

class TargetsTest : public testing::Test {
 protected:
  void SetUp() override { SetVariable(nullptr); }
  void TearDown() override { SetVariable(nullptr); }
};

TEST_F(TargetsTest, BestByDefault) {
  ASSERT_FALSE(SupportedTargets().empty());
  EXPECT_EQ(SupportedTargets().front(), TargetName(ChooseTarget("").value()));
}

TEST_F(TargetsTest, EveryNameIsUnderstood) {
  for (const std::string& name : SupportedTargets()) {
    const auto target = ChooseTarget(name);
    ASSERT_TRUE(target.ok()) << target.status().message();
    EXPECT_EQ(name, TargetName(target.value()));
    EXPECT_GE(Lanes(target.value()), 1);
  }
}

TEST_F(TargetsTest, OptionWinsOverEnvironment) {
  const std::string worst = SupportedTargets().back(), best = SupportedTargets().front();
  SetVariable(worst.c_str());
  EXPECT_EQ(worst, TargetName(ChooseTarget("").value()));
  EXPECT_EQ(best, TargetName(ChooseTarget(best).value()));
}

TEST_F(TargetsTest, UnknownNamesAreRefusedWithTheKnownOnes) {
  SetVariable("MMX");
  const auto target = ChooseTarget("");
  ASSERT_FALSE(target.ok());
  EXPECT_EQ(target.status().code(), Code::kUnsupported);
  EXPECT_NE(target.status().message().find("SCRIM_TARGET 'MMX'"), std::string::npos) << target.status().message();
  EXPECT_NE(target.status().message().find(SupportedTargets().front()), std::string::npos) << target.status().message();
}

TEST_F(TargetsTest, PeakIsPlausible) {
  for (const std::string& name : SupportedTargets()) {
    const double peak = MeasurePeakGmacs(ChooseTarget(name).value());
    EXPECT_GT(peak, 0.01) << name;
    EXPECT_LT(peak, 1000) << name;
  }
}

}  // namespace
}  // namespace scrim::nn
