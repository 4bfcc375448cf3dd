// Bilinear, edges clamped; half-pixel centres, or the corners' centres on each other.
struct Neighbours {
  first: i32,
  second: i32,
  weight: f32,
}
fn neighbours(i: i32, size: i32, wanted: i32) -> Neighbours {
  var centre = max(0, (f32(i) + 0.5) * f32(size) / f32(wanted) - 0.5);
  if (ALIGN_CORNERS == 1) { centre = f32(i) * f32(size - 1) / f32(max(wanted - 1, 1)); }
  let first = min(i32(centre), size - 1);
  return Neighbours(first, min(first + 1, size - 1), centre - f32(first));
}

@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let pixel = i32(id.x);
  let group = i32(id.y);
  if (pixel >= OUT_WIDTH * OUT_HEIGHT || group >= OUT_GROUPS) { return; }
  let v = neighbours(pixel / OUT_WIDTH, A_HEIGHT, OUT_HEIGHT);
  let h = neighbours(pixel % OUT_WIDTH, A_WIDTH, OUT_WIDTH);
  let top = mix(read_a(v.first * A_WIDTH + h.first, group), read_a(v.first * A_WIDTH + h.second, group), h.weight);
  let bottom = mix(read_a(v.second * A_WIDTH + h.first, group), read_a(v.second * A_WIDTH + h.second, group), h.weight);
  write_out(pixel, group, finish(mix(top, bottom, v.weight), pixel, group));
}
