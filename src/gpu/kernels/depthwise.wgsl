// A convolution of each channel by itself.
@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let pixel = i32(id.x);
  let group = i32(id.y);
  if (pixel >= OUT_WIDTH * OUT_HEIGHT || group >= OUT_GROUPS) { return; }
  let y = pixel / OUT_WIDTH * STRIDE - PAD_TOP;
  let x = pixel % OUT_WIDTH * STRIDE - PAD_LEFT;
  var sum = parameter(group);
  for (var ky = 0; ky < KERNEL_HEIGHT; ky++) {
    let row = y + ky * DILATION;
    if (row < 0 || row >= A_HEIGHT) { continue; }
    for (var kx = 0; kx < KERNEL_WIDTH; kx++) {
      let column = x + kx * DILATION;
      if (column < 0 || column >= A_WIDTH) { continue; }
      let w = weight((group * KERNEL_HEIGHT + ky) * KERNEL_WIDTH + kx);
      sum += w * read_a(row * A_WIDTH + column, group);
    }
  }
  write_out(pixel, group, finish(sum, pixel, group));
}
