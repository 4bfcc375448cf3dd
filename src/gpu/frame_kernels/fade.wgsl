// Islands that are faint or tiny fade (matte::Regions::FadeIslands).
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let pixel = i32(id.x);
  if (pixel >= WIDTH * HEIGHT) { return; }
  let root = roots[pixel];
  var strength = 1f;
  if (root >= 0) {
    let area = f32(sums[4 * root]);
    let sure = (bitcast<f32>(sums[4 * root + 1]) - DOUBTFUL) / max(STRONG - DOUBTFUL, 1e-3);
    let large = 2 * area / max(SMALLEST, 1e-3) - 1;
    let before = f32(sums[4 * root + 2]) / UNIT / area;
    strength = clamp(min(sure, large), 0, 1);
    if (settings.x == 0) { strength = clamp(strength, before - FADE, before + FADE); }
    strength = min(strength, 1);
    held[pixel].x *= strength;
  }
  strengths[pixel] = strength;
}
