// a, a + b or a * b. B_SPREAD: 0: b is as large as a, 1: it has one channel (a gate), 2: one pixel (a gain).
@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let pixel = i32(id.x);
  let group = i32(id.y);
  if (pixel >= OUT_WIDTH * OUT_HEIGHT || group >= OUT_GROUPS) { return; }
  var v = read_a(pixel, group);
  var b: vec4f;
  switch (B_SPREAD) {
    case 1: { b = vec4f(read_b(pixel, 0).x); }
    case 2: { b = read_b(0, group); }
    default: { b = read_b(pixel, group); }
  }
  if (OPERATION == 1) { v += b; }
  if (OPERATION == 2) { v *= b; }
  write_out(pixel, group, finish(v, pixel, group));
}
