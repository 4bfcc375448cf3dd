#include "common/frame_fitter.h"

extern "C" {
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/display.h>
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace scrim {
namespace {

constexpr char kScale[] = "scale=flags=bicubic+accurate_rnd+full_chroma_int";

Status Failed(const std::string& what, int error) {
  return Internal("a frame cannot be converted: " + what + ": " + AvText(error));
}

// The old names of formats that were full range by themselves.
void NameRange(AVFrame* frame) {
  const auto is = [&](int old, AVPixelFormat now) {
    if (frame->format == old) frame->format = now, frame->color_range = AVCOL_RANGE_JPEG;
  };
  is(AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUV420P);
  is(AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUV422P);
  is(AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUV444P);
  is(AV_PIX_FMT_YUVJ440P, AV_PIX_FMT_YUV440P);
  is(AV_PIX_FMT_YUVJ411P, AV_PIX_FMT_YUV411P);
}

const char* NameOfMatrix(AVColorSpace matrix, int height) {
  switch (matrix) {
    case AVCOL_SPC_SMPTE240M:
      return "smpte240m";
    case AVCOL_SPC_FCC:
      return "fcc";
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return "bt2020";
    default:
      return IsBt709(matrix, height) ? "bt709" : "bt601";
  }
}

// The same numbers in another format, without any change of range or matrix.
std::string Keeping(const AVFrame& frame) {
  const char* range = frame.color_range == AVCOL_RANGE_JPEG ? "pc" : "tv";
  const std::string matrix = NameOfMatrix(frame.colorspace, frame.height);
  return std::string(":in_range=") + range + ":out_range=" + range + ":in_color_matrix=" + matrix +
         ":out_color_matrix=" + matrix;
}

}  // namespace

bool IsBt709(AVColorSpace matrix, int height) {
  switch (matrix) {
    case AVCOL_SPC_SMPTE170M:
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_FCC:
      return false;
    case AVCOL_SPC_UNSPECIFIED:
      return height > 576;
    default:
      return true;
  }
}

Status FilterChain::Run(const AVFrame& frame, const std::string& description, AVFrame* out) {
  const AVRational sar = frame.sample_aspect_ratio.num > 0 ? frame.sample_aspect_ratio : AVRational{1, 1};
  const std::string source = "video_size=" + std::to_string(frame.width) + "x" + std::to_string(frame.height) +
                             ":pix_fmt=" + std::to_string(frame.format) +
                             ":time_base=1/1000000:pixel_aspect=" + std::to_string(sar.num) + "/" +
                             std::to_string(sar.den);
  if (key_ != source + description) {
    key_.clear();
    graph_.reset(avfilter_graph_alloc());
    graph_->nb_threads = 1;
    AVFilterInOut *ins = nullptr, *outs = nullptr;
    int error = avfilter_graph_parse2(graph_.get(), ("buffer=" + source + "," + description + ",buffersink").c_str(),
                                      &ins, &outs);
    avfilter_inout_free(&ins);
    avfilter_inout_free(&outs);
    if (error >= 0) error = avfilter_graph_config(graph_.get(), nullptr);
    if (error < 0) return Failed(description, error);
    for (unsigned i = 0; i < graph_->nb_filters; ++i) {
      AVFilterContext* filter = graph_->filters[i];
      if (std::string(filter->filter->name) == "buffer") in_ = filter;
      if (std::string(filter->filter->name) == "buffersink") out_ = filter;
    }
    key_ = source + description;
  }
  // The graph takes what it is given; the frame stays the caller's.
  int error = av_buffersrc_write_frame(in_, &frame);
  av_frame_unref(out);
  if (error >= 0) error = av_buffersink_get_frame(out_, out);
  if (error < 0) return Failed(description, error);
  const AVRational shape = out->sample_aspect_ratio;
  const auto width = out->width, height = out->height;
  av_frame_copy_props(out, &frame);
  out->sample_aspect_ratio = shape, out->width = width, out->height = height;
  return {};
}

// The filters that turn the picture upright, as players do it; each ends in a comma.
std::string FrameFitter::Turning(const AVFrame& in) const {
  const int32_t* matrix = options_.display_matrix ? options_.display_matrix->data() : nullptr;
  if (const AVFrameSideData* data = av_frame_get_side_data(&in, AV_FRAME_DATA_DISPLAYMATRIX);
      data != nullptr && data->size >= 9 * sizeof(int32_t))
    matrix = reinterpret_cast<const int32_t*>(data->data);
  std::string filters;
  if (matrix != nullptr) {
    const double angle = av_display_rotation_get(matrix);
    const int quarters = std::isnan(angle) ? 0 : static_cast<int>(std::lround(-angle / 90) + 4) % 4;
    if (quarters == 1) filters = matrix[3] > 0 ? "transpose=cclock_flip," : "transpose=clock,";
    if (quarters == 2) filters = std::string(matrix[0] < 0 ? "hflip," : "") + (matrix[4] < 0 ? "vflip," : "");
    if (quarters == 3) filters = matrix[3] < 0 ? "transpose=clock_flip," : "transpose=cclock,";
    if (quarters == 0 && matrix[4] < 0) filters = "vflip,";
  }
  return filters + (options_.mirror ? "hflip," : "");
}

Status FrameFitter::Fit(const AVFrame& in, AVFrame* out) {
  Av<AVFrame> frame(av_frame_clone(&in));
  NameRange(frame.get());
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame->format));
  if (format == nullptr) return Internal("a frame has a format that nobody knows");
  const bool rgb = (format->flags & AV_PIX_FMT_FLAG_RGB) != 0 || frame->format == AV_PIX_FMT_PAL8,
             grey = format->nb_components <= 2 && !rgb;
  if (width_ == 0) alpha_ = (format->flags & AV_PIX_FMT_FLAG_ALPHA) != 0 || frame->format == AV_PIX_FMT_PAL8;

  if (const ColourSpace colours = ColourSpaceOf(*frame); IsWide(colours) && !rgb && !alpha_) {
    if (tone_map_ == nullptr || !(tone_map_->from() == colours)) tone_map_ = std::make_unique<ToneMap>(colours);
    Av<AVFrame> ten = NewFrame(), mapped = NewFrame();
    SCRIM_RETURN_IF_ERROR(to_ten_bits_.Run(*frame, kScale + Keeping(*frame) + ",format=yuv420p10le", ten.get()));
    mapped->format = AV_PIX_FMT_YUV420P, mapped->width = ten->width, mapped->height = ten->height;
    if (const int error = av_frame_get_buffer(mapped.get(), 0); error < 0) return Failed("memory", error);
    tone_map_->Run(*ten, mapped.get());
    av_frame_copy_props(mapped.get(), ten.get());
    mapped->colorspace = AVCOL_SPC_BT709, mapped->color_primaries = AVCOL_PRI_BT709;
    mapped->color_trc = AVCOL_TRC_BT709, mapped->color_range = AVCOL_RANGE_MPEG;
    for (const auto light : {AV_FRAME_DATA_MASTERING_DISPLAY_METADATA, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL})
      av_frame_remove_side_data(mapped.get(), light);
    frame = std::move(mapped);
  }

  // What nobody said is said from here on as it is taken.
  if (frame->colorspace == AVCOL_SPC_UNSPECIFIED && !rgb)
    frame->colorspace = IsBt709(AVCOL_SPC_UNSPECIFIED, frame->height) ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
  if (frame->color_range == AVCOL_RANGE_UNSPECIFIED && !rgb && !grey) frame->color_range = AVCOL_RANGE_MPEG;

  const std::string turning = Turning(*frame);
  const bool transposed = turning.find("transpose") != std::string::npos;
  const int width = transposed ? frame->height : frame->width, height = transposed ? frame->width : frame->height;
  if (width_ == 0) {
    width_ = options_.even ? std::max(2, width & ~1) : width;
    height_ = options_.even ? std::max(2, height & ~1) : height;
  }
  const AVPixelFormat wanted = alpha_ ? AV_PIX_FMT_RGBA : AV_PIX_FMT_YUV420P;
  std::string description = turning;
  if (width != width_ || height != height_ || frame->format != wanted) {
    const std::string size = ":w=" + std::to_string(width_) + ":h=" + std::to_string(height_);
    const bool other_shape = std::abs(double(width) * height_ / (double(height) * width_) - 1) > 0.02;
    description += kScale + size + (other_shape ? ":force_original_aspect_ratio=decrease" : "");
    if (rgb && !alpha_) {
      description += ":out_range=tv:out_color_matrix=bt709";
    } else if (alpha_) {
      if (!rgb) description += std::string(":in_color_matrix=") + NameOfMatrix(frame->colorspace, frame->height);
      if (!rgb) description += frame->color_range == AVCOL_RANGE_JPEG ? ":in_range=pc" : ":in_range=tv";
    } else {
      description += grey ? std::string(":out_range=tv") : Keeping(*frame);
    }
    description += std::string(",format=") + av_get_pix_fmt_name(wanted) + ",";
    if (other_shape)
      description += "pad=w=" + std::to_string(width_) + ":h=" + std::to_string(height_) + ":x=-1:y=-1:color=black,";
  }
  if (description.empty()) {
    av_frame_unref(out);
    av_frame_move_ref(out, frame.get());
    return {};
  }
  description.pop_back();
  SCRIM_RETURN_IF_ERROR(fitted_.Run(*frame, description, out));
  if (rgb && !alpha_) {
    out->colorspace = AVCOL_SPC_BT709, out->color_primaries = AVCOL_PRI_BT709;
    out->color_trc = AVCOL_TRC_IEC61966_2_1, out->color_range = AVCOL_RANGE_MPEG;
  }
  if (rgb && alpha_) out->colorspace = AVCOL_SPC_BT709, out->color_range = AVCOL_RANGE_MPEG;
  if (grey) out->color_range = AVCOL_RANGE_MPEG;
  av_frame_remove_side_data(out, AV_FRAME_DATA_DISPLAYMATRIX);
  if (out->linesize[0] > 0) return {};
  // A flipped frame is the old one read upwards.
  Av<AVFrame> downwards = NewFrame();
  downwards->format = out->format, downwards->width = out->width, downwards->height = out->height;
  int error = av_frame_get_buffer(downwards.get(), 0);
  if (error >= 0) error = av_frame_copy(downwards.get(), out);
  if (error < 0) return Failed("memory", error);
  av_frame_copy_props(downwards.get(), out);
  av_frame_unref(out);
  av_frame_move_ref(out, downwards.get());
  return {};
}

}  // namespace scrim
