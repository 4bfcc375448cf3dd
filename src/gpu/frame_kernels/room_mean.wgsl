// A little of the room's mean colour, which takes over where no room is in reach; grey where there is
// none. One workgroup.
var<workgroup> sums: array<vec4f, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) thread: u32) {
  var sum = vec4f();
  for (var pixel = i32(thread); pixel < ROOM_WIDTH * ROOM_HEIGHT; pixel += 256) { sum += weighted[pixel]; }
  sums[thread] = sum;
  for (var half = 128u; half > 0; half /= 2) {
    workgroupBarrier();
    if (thread < half) { sums[thread] += sums[thread + half]; }
  }
  if (thread > 0) { return; }
  let mean = select(vec3f(128. / 255), sums[0].rgb / max(sums[0].w, 1e-9), sums[0].w > 0);
  fill[0] = ROOM_FILL * vec4f(mean, 1);
}
