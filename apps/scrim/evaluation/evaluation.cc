#include "evaluation/evaluation.h"

#include <algorithm>
#include <filesystem>
#include <functional>

#include "io/image_io.h"
#include "io/interrupt.h"

namespace scrim::app {
namespace {

namespace fs = std::filesystem;

// Gives the alpha of a frame, as large as the frame.
using AlphaOf = std::function<Status(const LabelledPhoto&, const image::Frame&, image::Bytes*)>;

// The luma of a picture (BT.601); a mask read as RGBA is its own luma.
image::Bytes Luma(const image::Frame& rgba) {
  image::Bytes luma(rgba.width(), rgba.height());
  for (int y = 0; y < rgba.height(); ++y) {
    const uint8_t* p = rgba.view().row(0, y);
    for (int x = 0; x < rgba.width(); ++x, p += 4)
      luma.row(y)[x] = static_cast<uint8_t>((77 * p[0] + 150 * p[1] + 29 * p[2] + 128) >> 8);
  }
  return luma;
}

struct Labelled {
  image::Frame frame;
  image::Bytes truth;
};

StatusOr<Labelled> Read(const LabelledPhoto& photo) {
  SCRIM_ASSIGN_OR_RETURN(image::Frame frame, ReadImage(photo.photo));
  SCRIM_ASSIGN_OR_RETURN(const image::Frame mask, ReadImage(photo.mask));
  if (mask.width() != frame.width() || mask.height() != frame.height())
    return Corrupt(photo.mask + ": is not as large as its photo");
  return Labelled{std::move(frame), Luma(mask)};
}

StatusOr<metrics::ClipQuality> EvaluateClip(const LabelledClip& clip, const AlphaOf& alpha_of) {
  metrics::ClipComparison comparison;
  image::Bytes alpha;
  for (const LabelledPhoto& photo : clip.frames) {
    SCRIM_ASSIGN_OR_RETURN(const Labelled labelled, Read(photo));
    SCRIM_RETURN_IF_ERROR(alpha_of(photo, labelled.frame, &alpha));
    comparison.Add(metrics::ViewOf(Luma(labelled.frame)), metrics::ViewOf(labelled.truth), metrics::ViewOf(alpha));
  }
  return comparison.Result();
}

int64_t CountPhotos(const std::vector<EvaluationSource>& data) {
  int64_t count = 0;
  for (const EvaluationSource& source : data) count += static_cast<int64_t>(source.photos.size() + source.clips.size());
  return count;
}

StatusOr<Evaluation> Evaluate(const std::vector<EvaluationSource>& data, const AlphaOf& cold, const AlphaOf& looped,
                              const std::function<void()>& begin_clip, Progress* progress) {
  Evaluation result;
  image::Bytes alpha;
  int64_t done = 0;
  const int64_t total = CountPhotos(data);
  for (const EvaluationSource& source : data) {
    for (const LabelledPhoto& photo : source.photos) {
      if (Interrupted()) return Unsupported("interrupted: the figures of some photos would be missing");
      SCRIM_ASSIGN_OR_RETURN(const Labelled labelled, Read(photo));
      SCRIM_RETURN_IF_ERROR(cold(photo, labelled.frame, &alpha));
      result.photos.push_back(
          {photo, source.name, metrics::Compare(metrics::ViewOf(labelled.truth), metrics::ViewOf(alpha))});
      progress->Update(++done, total);
    }
    for (const LabelledClip& clip : source.clips) {
      if (Interrupted()) return Unsupported("interrupted: the figures of some clips would be missing");
      ClipScore score{clip.name, {}, {}};
      begin_clip();
      SCRIM_ASSIGN_OR_RETURN(score.looped, EvaluateClip(clip, looped));
      SCRIM_ASSIGN_OR_RETURN(score.cold, EvaluateClip(clip, cold));
      result.clips.push_back(std::move(score));
      progress->Update(++done, total);
    }
  }
  progress->Finish();
  return result;
}

}  // namespace

StatusOr<Evaluation> EvaluateModel(const std::vector<EvaluationSource>& data, const CommonOptions& model,
                                   Progress* progress, const std::string& plane) {
  SCRIM_ASSIGN_OR_RETURN(Session session, OpenSession(model));
  SCRIM_RETURN_IF_ERROR(ToStatus(session.WantPlane(plane, true)));
  const AlphaOf looped = [&](const LabelledPhoto&, const image::Frame& frame, image::Bytes* alpha) {
    alpha->Resize(frame.width(), frame.height());
    SCRIM_RETURN_IF_ERROR(
        ToStatus(session.Segment(ToPublic(const_cast<image::Frame&>(frame).view()), alpha->data(), alpha->row_size())));
    return ToStatus(session.GetPlaneAlpha(plane, frame.width(), frame.height(), alpha->data(), alpha->row_size()));
  };
  const AlphaOf cold = [&](const LabelledPhoto& photo, const image::Frame& frame, image::Bytes* alpha) {
    session.Reset();
    return looped(photo, frame, alpha);
  };
  return Evaluate(
      data, cold, looped, [&] { session.Reset(); }, progress);
}

std::string PredictionPath(const std::string& folder, const std::string& name) {
  std::error_code error;
  std::string path = folder + "/" + name + ".png";
  if (fs::exists(path, error)) return path;
  std::string without_source = folder + name.substr(name.find('/')) + ".png";
  return fs::exists(without_source, error) ? without_source : path;
}

StatusOr<Evaluation> EvaluatePredictions(const std::vector<EvaluationSource>& data, const std::string& folder,
                                         Progress* progress) {
  const AlphaOf read = [&](const LabelledPhoto& photo, const image::Frame& frame, image::Bytes* alpha) -> Status {
    return ReadAlpha(PredictionPath(folder, photo.name), frame.width(), frame.height(), alpha);
  };
  return Evaluate(
      data, read, read, [] {}, progress);
}

StatusOr<std::vector<SourceGroup>> ParseGroups(const std::vector<std::string>& texts) {
  std::vector<SourceGroup> groups;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return InvalidArgument("--group " + text + ": wanted is NAME=SOURCE,SOURCE,...");
    SourceGroup group{text.substr(0, equals), {}};
    for (size_t begin = equals + 1; begin <= text.size();) {
      const size_t comma = std::min(text.find(',', begin), text.size());
      group.sources.push_back(text.substr(begin, comma - begin));
      begin = comma + 1;
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

std::vector<Summary> Summarise(const Evaluation& evaluation, const std::vector<SourceGroup>& groups) {
  std::vector<SourceGroup> sets;
  SourceGroup all{"all", {}};
  for (const PhotoScore& score : evaluation.photos) {
    if (std::find(all.sources.begin(), all.sources.end(), score.source) != all.sources.end()) continue;
    all.sources.push_back(score.source);
    sets.push_back({score.source, {score.source}});
  }
  sets.insert(sets.end(), groups.begin(), groups.end());
  sets.push_back(all);
  std::vector<Summary> summaries;
  for (const SourceGroup& set : sets) {
    Summary s;
    s.name = set.name;
    for (const PhotoScore& score : evaluation.photos) {
      if (std::find(set.sources.begin(), set.sources.end(), score.source) == set.sources.end()) continue;
      const metrics::PhotoQuality& q = score.quality;
      ++s.photos;
      s.mean.iou += q.iou, s.mean.background_iou += q.background_iou, s.mean.accuracy += q.accuracy;
      s.mean.boundary_f += q.boundary_f, s.mean.mae += q.mae;
      s.below_080 += q.iou < 0.8;
    }
    if (s.photos == 0) continue;
    for (double* sum :
         {&s.mean.iou, &s.mean.background_iou, &s.mean.accuracy, &s.mean.boundary_f, &s.mean.mae, &s.below_080})
      *sum /= s.photos;
    summaries.push_back(std::move(s));
  }
  return summaries;
}

}  // namespace scrim::app
