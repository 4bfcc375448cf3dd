#include "nn/targets.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "nn/peak.h"
#include "nn/program.h"

namespace scrim::nn {
namespace {

class TargetsTest : public testing::Test {
 protected:
  void SetUp() override { unsetenv("SCRIM_TARGET"); }
  void TearDown() override { unsetenv("SCRIM_TARGET"); }
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
  setenv("SCRIM_TARGET", worst.c_str(), 1);
  EXPECT_EQ(worst, TargetName(ChooseTarget("").value()));
  EXPECT_EQ(best, TargetName(ChooseTarget(best).value()));
}

TEST_F(TargetsTest, UnknownNamesAreRefusedWithTheKnownOnes) {
  setenv("SCRIM_TARGET", "MMX", 1);
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
