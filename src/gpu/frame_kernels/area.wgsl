// Which of `size` pixels output pixel i of a stretched picture sees, and how much: the mean of the area that it covers
// when shrinking, a tent around its centre when enlarging (image::Resampler).
struct Taps {
  first: i32,
  last: i32,
  begin: f32, // of the area; its centre when enlarging
  end: f32,
}
fn taps_of(i: i32, start: f32, scale: f32, size: i32) -> Taps {
  let begin = start + f32(i) * scale;
  if (scale > 1) {
    let end = begin + scale;
    return Taps(max(i32(begin + 1e-4), 0), min(i32(ceil(end - 1e-4)), size) - 1, begin, end);
  }
  let centre = clamp(begin + scale / 2 - 0.5, 0, f32(size - 1));
  return Taps(i32(centre), min(i32(centre) + 1, size - 1), centre, centre);
}
fn tap_weight(taps: Taps, j: i32) -> f32 {
  if (taps.begin == taps.end) { return max(0, 1 - abs(f32(j) - taps.begin)); }
  return max(0, min(taps.end, f32(j + 1)) - max(taps.begin, f32(j)));
}
