// Fills small holes (matte::Regions::FillHoles), and keeps what the network is shown next of the mask.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let pixel = i32(id.x);
  if (pixel >= WIDTH * HEIGHT) { return; }
  var steady = held[pixel].x;
  let fresh = held[pixel].y;
  let root = root_at(pixel);
  if (root >= 0) {
    let filled = clamp(2 - 2 * area_at(root) / max(LARGEST, 1e-3), 0, 1);
    if (!at_border(root)) { steady = max(steady, filled); }
  }
  held[pixel].x = steady;
  previous[pixel] = fresh + STEADY_SHARE * (steady - fresh);
}
