// What quality a budget of time affords.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "graph/model.h"

namespace scrim::engine {

struct QualityLevel {
  graph::Density density;
  int mask_interval = 1;  // a mask for every n-th frame
};

// From `best` down: three quarters, five eighths and half of its sides, rounded up to multiples of 16 (256x144,
// 192x112, 160x96) as long as both sides keep 96 pixels: models give little for less (portraits with
// the default one: an IoU of .926 at 128x128, of .866 at 96x96). Then the last one for every second and every third
// frame. Density goes first: a coarse mask of the frame itself beats a fine one of the frame before.
std::vector<QualityLevel> QualityLevels(graph::Density best);

// Those of them with a mask for every frame.
std::vector<QualityLevel> SizeLevels(graph::Density best);

// Chooses a level so that frames cost no more than the budget on average. Goes down when a few frames in a row cost too
// much, as far as needed, but not where no level meets the budget and the network is a small part of the cost: a
// coarse mask would buy little then. Goes up one step at a time, when the next level has had room to spare for long, and waits
// twice as long after each step up to it that had to be taken back. Medians keep single slow frames out. Pure
// arithmetic: no clock, no thread.
class BudgetController {
 public:
  explicit BudgetController(std::vector<QualityLevel> levels);  // best first, not empty

  // One frame: what its stages other than the network cost, and what its mask cost at which density (0: it had none of
  // its own). budget_ms: may differ from frame to frame.
  void Add(double other_ms, double network_ms, graph::Density density, double budget_ms);

  // The present density cannot be had: its levels go, and the nearest better one counts.
  void Refuse();

  const QualityLevel& level() const { return levels_[level_]; }
  size_t index() const { return level_; }

 private:
  // The last few values, 15 at most.
  class Window {
   public:
    explicit Window(size_t size) : size_(size) {}
    void Add(double value);
    void Clear() { count_ = next_ = 0; }
    size_t count() const { return count_; }
    double Median() const;

   private:
    size_t size_, count_ = 0, next_ = 0;
    std::array<double, 15> values_;  // a ring
  };

  double Cost(size_t level) const;
  void GoTo(size_t level);

  std::vector<QualityLevel> levels_;
  size_t level_ = 0;
  Window other_{15}, network_{9};
  int over_ = 0, room_ = 0;    // frames in a row that cost too much; for which the next level up had room
  std::vector<int> patience_;  // for each level: frames of room before a step up to it
  int since_step_up_;
};

}  // namespace scrim::engine
