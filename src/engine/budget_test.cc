// Scripted timings: what would a machine of a certain speed see?
#include "engine/budget.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace scrim::engine {
namespace {

double Pixels(graph::Density d) { return double(d.width) * d.height; }

struct Machine {
  double other = 2, network = 2;  // at 256x144
  double noise = 0;               // share of the time
  BudgetController budget{QualityLevels({256, 144})};
  std::mt19937 random{1};
  int frame = 0;

  double NetworkMs() const { return network * Pixels(budget.level().density) / Pixels({256, 144}); }
  double Cost() const { return other + NetworkMs() / budget.level().mask_interval; }
  double Jitter(double ms) { return ms * (1 + noise * std::uniform_real_distribution<double>(-1, 1)(random)); }
  // How often the level changed.
  int Run(int frames, double budget_ms) {
    int changes = 0;
    for (int i = 0; i < frames; ++i, ++frame) {
      const size_t before = budget.index();
      const bool mask = frame % budget.level().mask_interval == 0;
      budget.Add(Jitter(other), mask ? Jitter(NetworkMs()) : 0, budget.level().density, budget_ms);
      changes += budget.index() != before;
    }
    return changes;
  }
};

TEST(QualityLevels, GoFromFineToSeldom) {
  const auto levels = QualityLevels({256, 144});
  ASSERT_EQ(levels.size(), 5u);
  EXPECT_EQ(levels[1].density, (graph::Density{192, 112}));
  EXPECT_EQ(levels[2].density, (graph::Density{160, 96}));
  EXPECT_EQ(levels[3].density, (graph::Density{160, 96}));
  EXPECT_EQ(levels[3].mask_interval, 2);
  EXPECT_EQ(levels[4].mask_interval, 3);
  for (graph::Density best : {graph::Density{64, 64}, {256, 256}, {160, 96}, {1024, 576}}) {
    const auto some = QualityLevels(best);
    EXPECT_EQ(some[0].density, best);
    for (size_t i = 1; i < some.size(); ++i) {
      EXPECT_LT(Pixels(some[i].density) / some[i].mask_interval,
                Pixels(some[i - 1].density) / some[i - 1].mask_interval);
    }
  }
}

TEST(BudgetController, StaysAtTheBestWhereItFits) {
  Machine machine;
  machine.noise = 0.3;
  EXPECT_EQ(machine.Run(3000, 5), 0);
  EXPECT_EQ(machine.budget.index(), 0u);
}

TEST(BudgetController, GoesDownWithinASecondAsFarAsNeeded) {
  for (auto [network, level] : {std::pair{4., 1u}, {6., 2u}, {12., 3u}, {16., 4u}, {100., 4u}}) {
    Machine machine;
    machine.network = network;
    EXPECT_GE(machine.Run(30, 5), 1);
    machine.Run(60, 5);
    EXPECT_EQ(machine.budget.index(), level) << network;
    if (network < 100) EXPECT_LE(machine.Cost(), 5);
  }
}

TEST(QualityLevels, OfSizesHaveAMaskForEveryFrame) {
  const auto levels = SizeLevels({256, 144});
  ASSERT_EQ(levels.size(), 3u);
  EXPECT_EQ(levels[2].density, (graph::Density{160, 96}));
}

// Drawing alone takes longer than the budget, and the network is a sixth of it: coarse masks would not help.
TEST(BudgetController, StaysWhereALowerLevelWouldNotHelp) {
  Machine machine;
  machine.other = 30, machine.network = 7;
  EXPECT_EQ(machine.Run(600, 25), 0);
  EXPECT_EQ(machine.budget.index(), 0u);
}

TEST(BudgetController, ComesBackWhenTheMachineIsFreeAgain) {
  Machine machine;
  machine.network = 16;
  machine.Run(90, 5);
  EXPECT_EQ(machine.budget.index(), 4u);
  machine.network = 2;
  machine.Run(600, 5);
  EXPECT_EQ(machine.budget.index(), 0u);
}

TEST(BudgetController, SingleSlowFramesCountForNothing) {
  Machine machine;
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(machine.Run(29, 5), 0);
    machine.budget.Add(80, 200, {256, 144}, 5);
  }
  EXPECT_EQ(machine.budget.index(), 0u);
}

// At each level's very limit, with noise, over five minutes.
TEST(BudgetController, DoesNotOscillate) {
  for (double network = 2.5; network < 12; network += 0.5) {
    Machine machine;
    machine.network = network;
    machine.noise = 0.2;
    machine.Run(300, 5);
    EXPECT_LE(machine.Run(9000, 5), 10) << network;
  }
}

// The best level costs more than its size says: going up fails again and again, ever more seldom.
TEST(BudgetController, LearnsThatAStepUpDoesNotHold) {
  Machine machine;
  int changes = 0;
  for (int i = 0; i < 30000; ++i) {
    const size_t before = machine.budget.index();
    machine.budget.Add(1, before == 0 ? 8 : 1, machine.budget.level().density, 5);
    changes += machine.budget.index() != before;
  }
  EXPECT_GE(changes, 3);
  EXPECT_LE(changes, 40);
}

TEST(BudgetController, ADensityThatCannotBeHadIsLeftOut) {
  Machine machine;
  machine.network = 4;
  machine.Run(60, 5);
  ASSERT_EQ(machine.budget.level().density, (graph::Density{192, 112}));
  machine.budget.Refuse();
  EXPECT_EQ(machine.budget.level().density, (graph::Density{256, 144}));
  machine.Run(60, 5);
  EXPECT_EQ(machine.budget.level().density, (graph::Density{160, 96}));
  machine.budget.Refuse();
  machine.Run(60, 5);
  EXPECT_EQ(machine.budget.level().density, (graph::Density{256, 144}));
}

}  // namespace
}  // namespace scrim::engine
