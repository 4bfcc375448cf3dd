// Channels of a list, in its order.
@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let pixel = i32(id.x);
  let group = i32(id.y);
  if (pixel >= OUT_WIDTH * OUT_HEIGHT || group >= OUT_GROUPS) { return; }
  let chosen = vec4i(parameter(group));
  var v: vec4f;
  for (var lane = 0; lane < 4; lane++) { v[lane] = read_a(pixel, chosen[lane] / 4)[chosen[lane] % 4]; }
  write_out(pixel, group, finish(v, pixel, group));
}
