// The mean of each channel over all pixels, of a or of a + b: one workgroup for four channels.
var<workgroup> sums: array<vec4f, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) id: vec3u) {
  let group = i32(id.x);
  var sum = vec4f();
  for (var pixel = i32(thread); pixel < A_WIDTH * A_HEIGHT; pixel += 64) {
    sum += read_a(pixel, group) + read_b(pixel, group);
  }
  sums[thread] = sum;
  for (var half = 32u; half > 0; half /= 2) {
    workgroupBarrier();
    if (thread < half) { sums[thread] += sums[thread + half]; }
  }
  if (thread == 0) { write_out(0, group, sums[0] / f32(A_WIDTH * A_HEIGHT)); }
}
