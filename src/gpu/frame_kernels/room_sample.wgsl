// Frame and alpha on a grid as small as the blur allows (compose::RoomBlur): R, G, B and how much is no room, as bytes.
@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let x = i32(id.x);
  let y = i32(id.y);
  if (x >= ROOM_WIDTH || y >= ROOM_HEIGHT) { return; }
  let rows = taps_of(y, 0, f32(FRAME_HEIGHT) / f32(ROOM_HEIGHT), FRAME_HEIGHT);
  let columns = taps_of(x, 0, f32(FRAME_WIDTH) / f32(ROOM_WIDTH), FRAME_WIDTH);
  var sum = vec4f();
  var weights = 0f;
  for (var j = rows.first; j <= rows.last; j++) {
    let row_weight = tap_weight(rows, j);
    for (var i = columns.first; i <= columns.last; i++) {
      let colour = seen(i, j);
      let weight = row_weight * tap_weight(columns, i);
      sum += weight * vec4f(colour.rgb, 255 - colour.a + alpha_of(i, j, colour));
      weights += weight;
    }
  }
  small[y * ROOM_WIDTH + x] = floor(sum / weights + 0.5);
}
