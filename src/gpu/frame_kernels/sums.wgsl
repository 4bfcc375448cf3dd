// Area, peak, strength before and touch of the border of every region, at its root. Neighbours in a workgroup that
// share a root add up there first: most pixels belong to one region.
var<workgroup> first_root: i32;
var<workgroup> gathered: array<atomic<i32>, 4>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) thread: u32) {
  let pixel = i32(id.x);
  var root = -1;
  if (pixel < WIDTH * HEIGHT) {
    root = labels[pixel];
    while (root >= 0 && labels[root] != root) { root = labels[root]; }
  }
  if (thread == 0) { first_root = root; }
  let shared_root = workgroupUniformLoad(&first_root);
  if (root >= 0) {
    roots[pixel] = root;
    let x = pixel % WIDTH;
    let y = pixel / WIDTH;
    let border = select(0, 1, x == 0 || y == 0 || x == WIDTH - 1 || y == HEIGHT - 1);
    let peak = bitcast<i32>(held[pixel].x); // not negative, so that its bits have its order
    let before = i32(strengths[pixel] * UNIT + 0.5);
    if (root == shared_root) {
      atomicAdd(&gathered[0], 1);
      atomicMax(&gathered[1], peak);
      atomicAdd(&gathered[2], before);
      atomicMax(&gathered[3], border);
    } else {
      atomicAdd(&sums[4 * root], 1);
      atomicMax(&sums[4 * root + 1], peak);
      atomicAdd(&sums[4 * root + 2], before);
      atomicMax(&sums[4 * root + 3], border);
    }
  } else if (pixel < WIDTH * HEIGHT) {
    roots[pixel] = -1;
  }
  workgroupBarrier();
  if (thread == 0 && shared_root >= 0) {
    atomicAdd(&sums[4 * shared_root], atomicLoad(&gathered[0]));
    atomicMax(&sums[4 * shared_root + 1], atomicLoad(&gathered[1]));
    atomicAdd(&sums[4 * shared_root + 2], atomicLoad(&gathered[2]));
    atomicMax(&sums[4 * shared_root + 3], atomicLoad(&gathered[3]));
  }
}
