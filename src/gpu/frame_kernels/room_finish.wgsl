// Colours again, as bytes: what was weighed, with a little of the mean everywhere.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let pixel = i32(id.x);
  if (pixel >= ROOM_WIDTH * ROOM_HEIGHT) { return; }
  let w = source[pixel];
  let colour = (w.rgb + fill[0].rgb) * 255 / (max(w.w, 0) + fill[0].w);
  room[pixel] = vec4f(floor(clamp(colour + 0.5, vec3f(), vec3f(255))), 255);
}
