// Joins neighbours into regions: a union-find forest whose roots are the smallest numbers (Rosenfeld and Pfaltz 1966;
// on GPUs Playne and Hawick 2018). Islands touch at corners, too.
fn root_of(start: i32) -> i32 {
  var label = start;
  loop {
    let next = atomicLoad(&labels[label]);
    if (next == label) { return label; }
    label = next;
  }
}

fn join(one: i32, other: i32) {
  var a = root_of(one);
  var b = root_of(other);
  while (a != b) {
    if (a > b) {
      let swapped = a;
      a = b;
      b = swapped;
    }
    let old = atomicMin(&labels[b], a);
    if (old == b) { return; }
    b = root_of(old);
    a = root_of(a);
  }
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let x = i32(id.x);
  let y = i32(id.y);
  let pixel = y * WIDTH + x;
  if (x >= WIDTH || y >= HEIGHT || atomicLoad(&labels[pixel]) < 0) { return; }
  if (x > 0 && atomicLoad(&labels[pixel - 1]) >= 0) { join(pixel, pixel - 1); }
  if (y == 0) { return; }
  let above = pixel - WIDTH;
  if (atomicLoad(&labels[above]) >= 0) {
    join(pixel, above);
  } else if (HOLES == 0) {
    if (x > 0 && atomicLoad(&labels[above - 1]) >= 0) { join(pixel, above - 1); }
    if (x + 1 < WIDTH && atomicLoad(&labels[above + 1]) >= 0) { join(pixel, above + 1); }
  }
}
