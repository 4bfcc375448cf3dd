// Mean and maximum over a pixel's channels, as two channels or one of the two.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let pixel = i32(id.x);
  if (pixel >= A_WIDTH * A_HEIGHT) { return; }
  var sum = vec4f();
  var most = vec4f(read_a(pixel, 0).x);
  const last = A_CHANNELS - 4 * (A_GROUPS - 1); // lanes of the last group that are channels
  for (var group = 0; group < A_GROUPS; group++) {
    let v = read_a(pixel, group);
    let counted = select(vec4<bool>(true), vec4<bool>(true, last > 1, last > 2, last > 3), group == A_GROUPS - 1);
    sum += select(vec4f(), v, counted);
    most = max(most, select(vec4f(v.x), v, counted));
  }
  let high = max(max(most.x, most.y), max(most.z, most.w));
  let mean = (sum.x + sum.y + sum.z + sum.w) / f32(A_CHANNELS);
  write_out(pixel, 0, vec4f(select(mean, high, MODE == 1), high, 0, 0));
}
