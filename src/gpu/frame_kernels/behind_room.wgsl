// The blurred room behind a pixel of the frame.
fn behind(x: i32, y: i32) -> vec3f {
  let last = vec2i(ROOM_WIDTH - 1, ROOM_HEIGHT - 1);
  let scale = vec2f(ROOM_WIDTH, ROOM_HEIGHT) / vec2f(FRAME_WIDTH, FRAME_HEIGHT);
  let at = clamp((vec2f(f32(x), f32(y)) + 0.5) * scale - 0.5, vec2f(), vec2f(last));
  let first = vec2i(at);
  let second = min(first + 1, last);
  let weight = at - vec2f(first);
  let top = mix(room[first.y * ROOM_WIDTH + first.x].rgb, room[first.y * ROOM_WIDTH + second.x].rgb, weight.x);
  let bottom = mix(room[second.y * ROOM_WIDTH + first.x].rgb, room[second.y * ROOM_WIDTH + second.x].rgb, weight.x);
  return floor(mix(top, bottom, weight.y) + 0.5);
}
