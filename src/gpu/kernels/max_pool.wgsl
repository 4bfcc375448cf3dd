// The largest value in a window; what lies outside the picture does not count.
@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let pixel = i32(id.x);
  let group = i32(id.y);
  if (pixel >= OUT_WIDTH * OUT_HEIGHT || group >= OUT_GROUPS) { return; }
  let top = pixel / OUT_WIDTH * STRIDE - PAD_TOP;
  let left = pixel % OUT_WIDTH * STRIDE - PAD_LEFT;
  var most = vec4f(-3.4e38);
  for (var y = max(top, 0); y < min(top + KERNEL_HEIGHT, A_HEIGHT); y++) {
    for (var x = max(left, 0); x < min(left + KERNEL_WIDTH, A_WIDTH); x++) {
      most = max(most, read_a(y * A_WIDTH + x, group));
    }
  }
  write_out(pixel, group, finish(most, pixel, group));
}
