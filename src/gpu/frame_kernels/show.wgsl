// The network's input: the picture normalised, and as much of the mask before as is shown of it
// (matte::MaskLoop::Show).
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let pixel = i32(id.x);
  if (pixel >= WIDTH * HEIGHT) { return; }
  let colour = picture[pixel].rgb * vec3f(SCALE_R, SCALE_G, SCALE_B) + vec3f(OFFSET_R, OFFSET_G, OFFSET_B);
  for (var c = 0; c < 3; c++) { input[CHANNELS * pixel + c] = colour[c]; }
  if (CHANNELS == 3) { return; }
  var shown = clamp((previous[pixel] - SHOWN_LOW) * (1 / (SHOWN_HIGH - SHOWN_LOW)), 0, 1);
  let distrust = scene[0].y * clamp((2 * change[pixel] / MOTION - 1) / 3, 0, 1);
  shown *= 1 - DISTRUST * distrust;
  input[CHANNELS * pixel + 3] = select(shown, 0, settings.x > 0);
}
