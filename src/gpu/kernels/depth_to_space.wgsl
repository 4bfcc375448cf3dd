// Channel (c * BLOCK + y) * BLOCK + x becomes pixel (y, x) of a block of channel c.
@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let pixel = i32(id.x);
  let group = i32(id.y);
  if (pixel >= OUT_WIDTH * OUT_HEIGHT || group >= OUT_GROUPS) { return; }
  let y = pixel / OUT_WIDTH;
  let x = pixel % OUT_WIDTH;
  let source = y / BLOCK * A_WIDTH + x / BLOCK;
  var v = vec4f();
  for (var lane = 0; lane < min(4, OUT_CHANNELS - 4 * group); lane++) {
    let channel = ((4 * group + lane) * BLOCK + y % BLOCK) * BLOCK + x % BLOCK;
    v[lane] = read_a(source, channel / 4)[channel % 4];
  }
  write_out(pixel, group, finish(v, pixel, group));
}
