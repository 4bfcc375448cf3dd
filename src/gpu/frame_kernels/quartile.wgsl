// The lower quartile of all changes, and what follows from it: how much later noise and motion begin, and how far the
// mask before is distrusted. One workgroup.
var<workgroup> counts: array<atomic<i32>, 257>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) thread: u32) {
  for (var pixel = i32(thread); pixel < WIDTH * HEIGHT; pixel += 256) {
    atomicAdd(&counts[i32(min(4 * change[pixel], 256))], 1);
  }
  workgroupBarrier();
  if (thread > 0) { return; }
  var left = WIDTH * HEIGHT / 4;
  var bin = 0;
  while (bin < 256) {
    left -= atomicLoad(&counts[bin]);
    if (left < 0) { break; }
    bin++;
  }
  let quartile = 0.25 * f32(bin) / ADAPT_FROM;
  let distrust = select(clamp(quartile - 1, 0, 1), 0, settings.x > 0);
  scene[0] = vec4f(clamp(quartile, 1, ADAPT_MOST), distrust, 0, 0);
}
