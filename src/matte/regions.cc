#include "matte/regions.h"

#include <algorithm>

namespace scrim::matte {

int Regions::Root(int run) {
  while (runs_[run].parent != run) run = runs_[run].parent = runs_[runs_[run].parent].parent;
  return run;
}

void Regions::Join(int a, int b) {
  a = Root(a), b = Root(b);
  if (a == b) return;
  if (a > b) std::swap(a, b);
  Run &root = runs_[a], &child = runs_[b];
  child.parent = a;
  root.area += child.area;
  root.peak = std::max(root.peak, child.peak);
  root.before += child.before;
  root.at_border |= child.at_border;
}

template <typename Belongs>
void Regions::FindRegions(const image::Floats& mask, bool diagonal, const Belongs& belongs) {
  const int width = mask.width(), height = mask.height(), reach = diagonal ? 1 : 0;
  runs_.clear();
  size_t above = 0, above_end = 0;
  for (int y = 0; y < height; ++y) {
    const size_t begin = runs_.size();
    const float *row = mask.row(y), *before = strength_.row(y);
    for (int x = 0; x < width; ++x) {
      if (!belongs(row[x])) continue;
      Run run{y, x, x, static_cast<int>(runs_.size()), 0, 0.f, 0.f, false};
      for (; x < width && belongs(row[x]); ++x) run.peak = std::max(run.peak, row[x]), run.before += before[x];
      run.last = x, run.area = x - run.first;
      run.at_border = y == 0 || y == height - 1 || run.first == 0 || run.last == width;
      runs_.push_back(run);
    }
    for (size_t i = begin; i < runs_.size(); ++i) {
      while (above < above_end && runs_[above].last + reach <= runs_[i].first) ++above;
      for (size_t j = above; j < above_end && runs_[j].first < runs_[i].last + reach; ++j)
        Join(static_cast<int>(j), static_cast<int>(i));
    }
    above = begin, above_end = runs_.size();
  }
}

void Regions::FadeIslands(image::Floats* mask) {
  FindRegions(*mask, true, [this](float v) { return v >= options_.weak; });
  std::fill(strength_.data(), strength_.data() + strength_.size(), 1.f);
  const float smallest = options_.island * static_cast<float>(mask->size());
  for (size_t i = 0; i < runs_.size(); ++i) {
    const Run& run = runs_[i];
    const Run& region = runs_[Root(static_cast<int>(i))];
    const auto area = static_cast<float>(region.area);
    const float sure = (region.peak - options_.doubtful) / std::max(options_.strong - options_.doubtful, 1e-3f);
    const float large = 2 * area / std::max(smallest, 1e-3f) - 1;
    const float before = region.before / area, wanted = std::clamp(std::min(sure, large), 0.f, 1.f);
    const float strength = first_ ? wanted : std::clamp(wanted, before - options_.fade, before + options_.fade);
    if (strength >= 1) continue;
    for (int x = run.first; x < run.last; ++x) mask->row(run.y)[x] *= strength, strength_.row(run.y)[x] = strength;
  }
}

void Regions::FillHoles(image::Floats* mask) {
  FindRegions(*mask, false, [](float v) { return v < 0.5f; });
  const float largest = options_.hole * static_cast<float>(mask->size());
  for (size_t i = 0; i < runs_.size(); ++i) {
    const Run& run = runs_[i];
    const Run& region = runs_[Root(static_cast<int>(i))];
    const float filled = std::clamp(2 - 2 * static_cast<float>(region.area) / std::max(largest, 1e-3f), 0.f, 1.f);
    if (region.at_border || filled <= 0) continue;
    for (int x = run.first; x < run.last; ++x) mask->row(run.y)[x] = std::max(mask->row(run.y)[x], filled);
  }
}

void Regions::Process(image::Floats* mask) {
  if (!options_.enabled || mask->empty()) return;
  first_ |= strength_.width() != mask->width() || strength_.height() != mask->height();
  if (first_) {
    strength_.Resize(mask->width(), mask->height());
    std::fill(strength_.data(), strength_.data() + strength_.size(), 1.f);
  }
  FadeIslands(mask);
  FillHoles(mask);
  first_ = false;
}

}  // namespace scrim::matte
