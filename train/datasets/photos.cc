#include "datasets/photos.h"

#include <algorithm>

namespace scrim::train {

const Record& Photos::Draw(Random& random) const {
  const float at = random.Uniform() * cumulative.back();
  const auto it = std::upper_bound(cumulative.begin(), cumulative.end(), at);
  return *train[std::min<size_t>(size_t(it - cumulative.begin()), train.size() - 1)];
}

const Record& Photos::DrawFitting(Random& random, graph::Density shape) const {
  constexpr int kTries = 32;
  constexpr double kAlike = 1.36;  // 4:3 fits 16:9, and 3:4 fits 9:16
  const Record* photo = &Draw(random);
  for (int i = 1; i < kTries; ++i) {
    const double a = double(photo->width) * shape.height, b = double(photo->height) * shape.width;
    if (std::max(a, b) <= kAlike * std::min(a, b)) break;
    photo = &Draw(random);
  }
  return *photo;
}

StatusOr<Photos> ChoosePhotos(const Pack& pack, const std::vector<SourceWeight>& sources) {
  Photos photos;
  float sum = 0.f;
  for (const Record& record : pack.records()) {
    if (record.role == Role::kForeground) photos.foregrounds.push_back(&record);
    if (record.role == Role::kBackground) photos.backgrounds.push_back(&record);
    if (record.role != Role::kPhoto) continue;
    if (record.split == Split::kVal) {
      photos.val.push_back(&record);
      continue;
    }
    float weight = sources.empty() ? 1.f : 0.f;
    for (const SourceWeight& s : sources)
      if (s.source == record.source) weight = s.weight;
    if (weight <= 0.f) continue;
    photos.train.push_back(&record);
    photos.cumulative.push_back(sum += weight);
  }
  for (const SourceWeight& s : sources) {
    const auto from = [&](const Record* record) { return record->source == s.source; };
    if (std::none_of(photos.train.begin(), photos.train.end(), from))
      return InvalidArgument(
          "source '" + s.source +
          "', named by --sources or a recipe's [every.sources], has no training photos in the cache");
  }
  if (photos.train.empty()) return InvalidArgument("the cache holds no training photos");
  return photos;
}

}  // namespace scrim::train
