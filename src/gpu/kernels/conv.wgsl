// A convolution over all input channels. A thread makes four output channels of PIXELS neighbours in a row, which share
// the weights that it reads.
@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3u) {
  const tiles = (OUT_WIDTH + PIXELS - 1) / PIXELS;
  let y = i32(id.x) / tiles;
  let first = i32(id.x) % tiles * PIXELS;
  let group = i32(id.y);
  if (y >= OUT_HEIGHT || group >= OUT_GROUPS) { return; }
  var sum: array<vec4f, PIXELS>;
  for (var p = 0; p < PIXELS; p++) { sum[p] = parameter(group); }
  var w = group * KERNEL_HEIGHT * KERNEL_WIDTH * A_GROUPS * 4;
  for (var ky = 0; ky < KERNEL_HEIGHT; ky++) {
    let row = y * STRIDE + ky * DILATION - PAD_TOP;
    if (row < 0 || row >= A_HEIGHT) {
      w += KERNEL_WIDTH * A_GROUPS * 4;
      continue;
    }
    for (var kx = 0; kx < KERNEL_WIDTH; kx++) {
      let column = first * STRIDE + kx * DILATION - PAD_LEFT;
      for (var g = 0; g < A_GROUPS; g++) {
        let m = mat4x4f(weight(w), weight(w + 1), weight(w + 2), weight(w + 3));
        w += 4;
        for (var p = 0; p < PIXELS; p++) {
          let x = column + p * STRIDE;
          if (x >= 0 && x < A_WIDTH) { sum[p] += m * read_a(row * A_WIDTH + x, g); }
        }
      }
    }
  }
  for (var p = 0; p < PIXELS; p++) {
    let x = first + p;
    let pixel = y * OUT_WIDTH + x;
    if (x < OUT_WIDTH) { write_out(pixel, group, finish(sum[p], pixel, group)); }
  }
}
