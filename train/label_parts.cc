#include "label_parts.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "nn/program.h"

namespace scrim::train {
namespace {

constexpr int kSide = 192;  // of a view, in pixels
enum Answer : uint8_t { kNo, kYes, kUnknown };

int Count(const cv::Mat& condition) { return cv::countNonZero(condition); }

// From a square of the photo to a view of it.
cv::Matx23d ToPhoto(const cv::Rect2d& square) {
  const double scale = square.width / kSide;
  return {scale, 0, square.x, 0, scale, square.y};
}

cv::Mat View(const cv::Mat& photo, const cv::Rect2d& square) {
  cv::Mat source = photo, view;
  cv::Matx23d map = ToPhoto(square);
  if (const double shrink = square.width / kSide; shrink > 1.3) {  // bilinear sampling would skip pixels
    cv::resize(photo, source, {}, 1 / shrink, 1 / shrink, cv::INTER_AREA);
    for (int i = 0; i < 3; ++i)
      map(0, i) *= double(source.cols) / photo.cols, map(1, i) *= double(source.rows) / photo.rows;
  }
  cv::warpAffine(source, view, map, {kSide, kSide}, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, cv::BORDER_REPLICATE);
  return view;
}

// What a view says of the photo's pixels; -1 outside of it.
cv::Mat OnPhoto(const cv::Mat& of_view, const cv::Rect2d& square, cv::Size photo) {
  const double scale = kSide / square.width;
  const cv::Matx23d map(scale, 0, -square.x * scale, 0, scale, -square.y * scale);
  cv::Mat result;
  cv::warpAffine(of_view, result, map, photo, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, cv::BORDER_CONSTANT,
                 cv::Scalar(-1));
  return result;
}

// The box of the one person whom the mask shows; empty where there are more, or nearly none.
cv::Rect OnlyPerson(const cv::Mat& mask, cv::Mat* person) {
  constexpr double kLeast = 0.02, kMain = 0.9, kWidest = 1.6;
  cv::Mat pieces, stats, centres;
  const int count = cv::connectedComponentsWithStats(mask > 127, pieces, stats, centres, 8, CV_32S);
  int largest = 0, all = 0;
  for (int i = 1; i < count; ++i) {
    const int area = stats.at<int>(i, cv::CC_STAT_AREA);
    all += area;
    if (largest == 0 || area > stats.at<int>(largest, cv::CC_STAT_AREA)) largest = i;
  }
  if (largest == 0 || all < kLeast * double(mask.total()) || stats.at<int>(largest, cv::CC_STAT_AREA) < kMain * all)
    return {};
  const int* s = stats.ptr<int>(largest);
  const cv::Rect box(s[cv::CC_STAT_LEFT], s[cv::CC_STAT_TOP], s[cv::CC_STAT_WIDTH], s[cv::CC_STAT_HEIGHT]);
  if (box.width > kWidest * box.height) return {};
  *person = pieces == largest;
  return box;
}

}  // namespace

PartLabeller::PartLabeller(std::unique_ptr<nn::Program> program, size_t hair, size_t skin)
    : program_(std::move(program)), hair_(hair), skin_(skin) {}
PartLabeller::PartLabeller(PartLabeller&&) noexcept = default;
PartLabeller::~PartLabeller() = default;

StatusOr<PartLabeller> PartLabeller::Open(const std::string& path) {
  SCRIM_ASSIGN_OR_RETURN(const graph::Model model, graph::LoadModel(path));
  const auto plane = [&](const char* name) {
    return size_t(std::find(model.planes.begin(), model.planes.end(), name) - model.planes.begin());
  };
  const size_t hair = plane("hair"), skin = plane("skin");
  if (std::max(hair, skin) == model.planes.size())
    return InvalidArgument(path + ": knows no hair or no skin; train a network with both planes on photos of heads");
  SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<nn::Program> program, nn::Program::Compile(model, {kSide, kSide}));
  return PartLabeller(std::move(program), hair, skin);
}

const char* PartLabeller::ClassesJson() {
  return R"({"planes": {"hair": {"yes": [3, 4, 5], "no": [0, 1, 2]}, "skin": {"yes": [1, 4, 7], "no": [0, 3, 6]}}})"
         "\n";
}

PartLabeller::Found PartLabeller::Look(const cv::Mat& view) {
  const nn::TensorView input = program_->input();
  for (int y = 0; y < kSide; ++y)
    for (int x = 0; x < kSide; ++x) {
      float* pixel = input.data + size_t(y) * input.row_stride + size_t(x) * input.pixel_stride;
      for (int c = 0; c < 3; ++c) pixel[c] = view.at<cv::Vec3b>(y, x)[2 - c] / 127.5f - 1.f;
      for (int c = 3; c < input.channels; ++c) pixel[c] = 0.f;
    }
  program_->Run();
  const auto plane = [&](size_t index) {
    return cv::Mat(kSide, kSide, CV_32F, const_cast<float*>(program_->output()) + index * kSide * kSide).clone();
  };
  return {plane(hair_), plane(skin_)};
}

// As it is and mirrored.
PartLabeller::Found PartLabeller::LookTwice(const cv::Mat& view) {
  const Found as_is = Look(view);
  cv::Mat mirrored;
  cv::flip(view, mirrored, 1);
  Found found = Look(mirrored);
  for (cv::Mat* plane : {&found.hair, &found.skin}) cv::flip(*plane, *plane, 1);
  return {(as_is.hair + found.hair) * 0.5, (as_is.skin + found.skin) * 0.5};
}

cv::Mat PartLabeller::Label(const cv::Mat& photo, const cv::Mat& mask) {
  cv::Mat person;
  const cv::Rect box = OnlyPerson(mask, &person);
  if (box.empty()) return {};
  // The head is where the person begins; how large it is, is tried out.
  const cv::Mat crown = person.rowRange(box.y, std::min(photo.rows, box.y + std::max(2, box.height / 10)));
  const cv::Moments moments = cv::moments(crown, /*binaryImage=*/true);
  const double middle = moments.m00 > 0 ? moments.m10 / moments.m00 : box.x + box.width / 2.;
  constexpr double kPixels = double(kSide) * kSide, kSmallest = 48, kSureEnough = 1.25;
  double best = -1;
  cv::Rect2d head;
  for (const double share : {0.25, 0.35, 0.5, 0.7, 1.0, 1.3}) {
    const double side = share * box.height;
    if (side < kSmallest) continue;
    const cv::Rect2d square(middle - side / 2, box.y - 0.15 * side, side, side);
    const Found found = Look(View(photo, square));
    const int skin = Count(found.skin > 0.3), hair = Count(found.hair > 0.3);
    if (skin < 0.04 * kPixels || skin > 0.45 * kPixels || hair < 0.01 * kPixels) continue;
    // Sure of what it sees, a face of some size, and none that the view cuts off below.
    const double score = Count(found.skin > 0.8) / (skin + 1.) + Count(found.hair > 0.8) / (hair + 1.) +
                         0.3 * std::min(1., skin / kPixels / 0.12) -
                         std::min(1., Count(found.skin.rowRange(kSide - 8, kSide) > 0.5) / 80.);
    if (score > best) best = score, head = square;
  }
  if (best < kSureEnough) return {};

  const cv::Rect2d wide(head.x - 0.15 * head.width, head.y - 0.1 * head.height, 1.3 * head.width, 1.3 * head.height);
  const Found near = LookTwice(View(photo, head)), far = LookTwice(View(photo, wide));
  const auto answers = [&](const cv::Mat& of_near, const cv::Mat& of_far, bool may_hang_down) {
    const cv::Mat a = OnPhoto(of_near, head, photo.size()), b = OnPhoto(of_far, wide, photo.size());
    cv::Mat result(photo.size(), CV_8U);
    for (int y = 0; y < photo.rows; ++y)
      for (int x = 0; x < photo.cols; ++x) {
        const float p = a.at<float>(y, x), q = b.at<float>(y, x), mean = p < 0 ? q : 0.5f * (p + q);
        uint8_t& answer = result.at<uint8_t>(y, x);
        if (person.at<uint8_t>(y, x) == 0 && mask.at<uint8_t>(y, x) < 30)
          answer = kNo;
        else if (q < 0)  // long hair may go on where nobody looked; far below it does not
          answer = may_hang_down && y <= wide.y + 2 * wide.height ? kUnknown : kNo;
        else if ((p >= 0 && std::abs(p - q) > 0.5f) || (mean > 0.35f && mean < 0.65f))
          answer = kUnknown;
        else
          answer = mean >= 0.65f ? kYes : kNo;
      }
    return result;
  };
  return 3 * answers(near.hair, far.hair, true) + answers(near.skin, far.skin, false);
}

}  // namespace scrim::train
