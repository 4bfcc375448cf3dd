#include "engine/budget.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace scrim::engine {
namespace {

constexpr int kOver = 5;       // frames before a step down
constexpr size_t kMasks = 5;   // of the present density before any step
constexpr int kPatience = 60;  // frames before a step up: two seconds of a call
constexpr int kMostPatience = 3600;
constexpr int kProven = 600;    // a step up that held so many frames was right
constexpr double kRoom = 0.85;  // share of the budget that the next level may take before a step up
constexpr int kMinSide = 96;
constexpr double kWorthIt = 0.2;  // share of the cost that a budget which cannot be met must save to go down at all

double Pixels(graph::Density d) { return double(d.width) * d.height; }

}  // namespace

std::vector<QualityLevel> QualityLevels(graph::Density best) {
  std::vector<QualityLevel> levels{{best, 1}};
  for (int eighths : {6, 5, 4}) {
    const auto side = [&](int full) { return (full * eighths + 127) / 128 * 16; };
    const graph::Density density{side(best.width), side(best.height)};
    if (std::min(density.width, density.height) >= kMinSide && Pixels(density) < Pixels(levels.back().density))
      levels.push_back({density, 1});
  }
  const graph::Density last = levels.back().density;
  for (int mask_interval : {2, 3}) levels.push_back({last, mask_interval});
  return levels;
}

std::vector<QualityLevel> SizeLevels(graph::Density best) {
  std::vector<QualityLevel> levels = QualityLevels(best);
  levels.erase(std::remove_if(levels.begin(), levels.end(), [](const auto& level) { return level.mask_interval > 1; }),
               levels.end());
  return levels;
}

void BudgetController::Window::Add(double value) {
  values_[next_] = value;
  next_ = (next_ + 1) % size_;
  count_ = std::min(count_ + 1, size_);
}

double BudgetController::Window::Median() const {
  // The value that half of the others are below. A sort would be a third of the browser's code for budgets.
  for (size_t i = 0; i < count_; ++i) {
    size_t below = 0;
    for (size_t j = 0; j < count_; ++j) below += values_[j] < values_[i] || (values_[j] == values_[i] && j < i);
    if (below == count_ / 2) return values_[i];
  }
  return 0;
}

BudgetController::BudgetController(std::vector<QualityLevel> levels)
    : levels_(std::move(levels)), patience_(levels_.size(), kPatience), since_step_up_(kProven) {}

double BudgetController::Cost(size_t level) const {
  const double per_pixel = network_.Median() / Pixels(levels_[level_].density);
  return other_.Median() + per_pixel * Pixels(levels_[level].density) / levels_[level].mask_interval;
}

void BudgetController::GoTo(size_t level) {
  if (!(levels_[level].density == levels_[level_].density)) network_.Clear();
  level_ = level;
  over_ = room_ = 0;
}

void BudgetController::Add(double other_ms, double network_ms, graph::Density density, double budget_ms) {
  other_.Add(other_ms);
  if (network_ms > 0 && density == level().density) network_.Add(network_ms);
  if (since_step_up_ < kProven && ++since_step_up_ == kProven) patience_[level_] = kPatience;
  if (network_.count() < kMasks) return;

  over_ = Cost(level_) > budget_ms ? over_ + 1 : 0;
  room_ = level_ > 0 && Cost(level_ - 1) <= kRoom * budget_ms ? room_ + 1 : 0;
  if (over_ >= kOver && level_ + 1 < levels_.size()) {
    size_t to = level_ + 1;
    while (to + 1 < levels_.size() && Cost(to) > budget_ms) ++to;
    if (Cost(to) > budget_ms && Cost(level_) - Cost(to) < kWorthIt * Cost(level_)) {
      over_ = 0;
      return;
    }
    if (since_step_up_ < kProven) patience_[level_] = std::min(2 * patience_[level_], kMostPatience);
    since_step_up_ = kProven;
    GoTo(to);
  } else if (level_ > 0 && room_ >= patience_[level_ - 1]) {
    since_step_up_ = 0;
    GoTo(level_ - 1);
  }
}

void BudgetController::Refuse() {
  const graph::Density refused = level().density;
  const auto end =
      std::remove_if(levels_.begin() + 1, levels_.end(), [&](const QualityLevel& l) { return l.density == refused; });
  levels_.erase(end, levels_.end());
  GoTo(std::min(level_ - (level_ > 0), levels_.size() - 1));
}

}  // namespace scrim::engine
