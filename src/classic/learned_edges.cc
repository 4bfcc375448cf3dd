#include <algorithm>

#include "classic/closed_regions.h"
#include "classic/picture_method.h"
#include "engine/segmenter.h"
#include "graph/model.h"

namespace scrim::classic {
namespace {

class LearnedEdges final : public Predecessor {
 public:
  LearnedEdges(std::unique_ptr<engine::Segmenter> segmenter, const Values& v)
      : segmenter_(std::move(segmenter)),
        threshold_(v.at("threshold")),
        fill_(v.at("fill") != 0),
        regions_{static_cast<int>(v.at("gap")), v.at("least")} {}
  void Reset() override { segmenter_->Reset(); }

  Status Process(const image::ConstFrameView& frame, image::Bytes* mask) override {
    // Each picture alone, as for Canny: with the edges before as its input it holds on to those of the room (BF .29
    // instead of .48 on a talking head).
    segmenter_->Reset();
    SCRIM_RETURN_IF_ERROR(segmenter_->Process(frame, mask));
    const image::Floats& found = segmenter_->mask();
    const cv::Mat1f probability(found.height(), found.width(), const_cast<float*>(found.data()));
    try {
      const cv::Mat1b edges = probability >= threshold_;
      StretchMask(fill_ ? ClosedRegions(edges, regions_) : edges, mask);
    } catch (const cv::Exception& error) {
      std::fill_n(mask->data(), mask->size(), uint8_t{0});
      return Internal(std::string("OpenCV: ") + error.what());
    }
    return {};
  }

 private:
  std::unique_ptr<engine::Segmenter> segmenter_;
  double threshold_;
  bool fill_;
  RegionOptions regions_;
};

}  // namespace

StatusOr<std::unique_ptr<Predecessor>> MakeLearnedEdges(const Values& values, const std::string& model) {
  SCRIM_ASSIGN_OR_RETURN(graph::Model network, graph::LoadModel(model));
  engine::SegmenterOptions options;  // the bare network: the matte's steps are for masks
  options.stabiliser.enabled = options.regions.enabled = options.refiner.guided = false;
  SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<engine::Segmenter> segmenter,
                         engine::Segmenter::Create(std::make_shared<const graph::Model>(std::move(network)), options));
  return std::unique_ptr<Predecessor>(std::make_unique<LearnedEdges>(std::move(segmenter), values));
}

}  // namespace scrim::classic
