#include "losses.h"

namespace scrim::train {

torch::Tensor SegmentationLoss(const torch::Tensor& logits, const torch::Tensor& truth, const torch::Tensor& weight) {
  const torch::Tensor entropy = torch::binary_cross_entropy_with_logits(logits, truth, weight);
  const torch::Tensor p = torch::sigmoid(logits);
  const torch::Tensor both = (p * truth).sum({1, 2, 3}), sum = p.sum({1, 2, 3}) + truth.sum({1, 2, 3});
  return entropy + 1 - ((2 * both + 1) / (sum + 1)).mean();
}

}  // namespace scrim::train
