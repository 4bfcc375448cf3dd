// Every pixel of the mask that belongs begins as a region of its own: islands from WEAK on, holes below one half.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let pixel = i32(id.x);
  if (pixel >= WIDTH * HEIGHT) { return; }
  let belongs = select(held[pixel].x >= WEAK, held[pixel].x < 0.5, HOLES == 1);
  labels[pixel] = select(-1, pixel, belongs);
  for (var k = 0; k < 4; k++) { sums[4 * pixel + k] = 0; }
}
