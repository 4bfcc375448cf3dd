// Colours times how sure they are the room's, and that: nothing of the person, nor of its rim.
@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let x = i32(id.x);
  let y = i32(id.y);
  if (x >= ROOM_WIDTH || y >= ROOM_HEIGHT) { return; }
  var alpha = 0f;
  for (var j = max(y - 1, 0); j <= min(y + 1, ROOM_HEIGHT - 1); j++) {
    for (var i = max(x - 1, 0); i <= min(x + 1, ROOM_WIDTH - 1); i++) {
      alpha = max(alpha, small[j * ROOM_WIDTH + i].w);
    }
  }
  weighted[y * ROOM_WIDTH + x] = max(0, 1 - alpha / 127.5) * vec4f(small[y * ROOM_WIDTH + x].rgb, 255);
}
