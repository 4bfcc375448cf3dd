// Mean of the neighbours along one direction, those inside of the picture.
@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let x = i32(id.x);
  let y = i32(id.y);
  if (x >= ROOM_WIDTH || y >= ROOM_HEIGHT) { return; }
  var sum = vec4f();
  var count = 0f;
  for (var k = -RADIUS; k <= RADIUS; k++) {
    let i = x + k * (1 - DOWN);
    let j = y + k * DOWN;
    if (i >= 0 && j >= 0 && i < ROOM_WIDTH && j < ROOM_HEIGHT) {
      sum += source[j * ROOM_WIDTH + i];
      count += 1;
    }
  }
  blurred[y * ROOM_WIDTH + x] = sum / count;
}
