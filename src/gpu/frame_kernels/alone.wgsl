// The background without anything of the room.
@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let x = i32(id.x);
  let y = i32(id.y);
  if (x >= FRAME_WIDTH || y >= FRAME_HEIGHT) { return; }
  textureStore(result, vec2i(x, y), select(vec4f(behind(x, y) / 255, 1), vec4f(), TRANSPARENT == 1));
}
