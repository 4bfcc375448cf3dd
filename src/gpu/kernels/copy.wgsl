// Puts a's channels behind FIRST others of the joined value; the rest of the groups that they touch stays.
@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let pixel = i32(id.x);
  let group = FIRST / 4 + i32(id.y);
  if (pixel >= A_WIDTH * A_HEIGHT || 4 * group >= FIRST + A_CHANNELS) { return; }
  var v = vec4f();
  if (4 * group < FIRST) { v = read_joined(pixel, group); }
  for (var lane = 0; lane < 4; lane++) {
    let channel = 4 * group + lane - FIRST;
    if (channel >= 0 && channel < A_CHANNELS) { v[lane] = read_a(pixel, channel / 4)[channel % 4]; }
  }
  write_joined(pixel, group, v);
}
