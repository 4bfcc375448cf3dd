// The person before the background, pixel by pixel, with the outline's colours corrected.
fn on_grid(x: i32, y: i32, part: i32) -> vec4f {
  let last = vec2i(COLUMNS - 1, ROWS - 1);
  let at = clamp((vec2f(f32(x), f32(y)) + 0.5) / f32(STEP) - 0.5, vec2f(), vec2f(last));
  let first = vec2i(at);
  let second = min(first + 1, last);
  let weight = at - vec2f(first);
  let top = mix(grid_at(first.x, first.y, part), grid_at(second.x, first.y, part), weight.x);
  let bottom = mix(grid_at(first.x, second.y, part), grid_at(second.x, second.y, part), weight.x);
  return mix(top, bottom, weight.y);
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let x = i32(id.x);
  let y = i32(id.y);
  if (x >= FRAME_WIDTH || y >= FRAME_HEIGHT) { return; }
  let frame_colour = seen(x, y);
  let alpha = alpha_of(x, y, frame_colour);
  var colour = frame_colour.rgb;
  if (EDGES == 1 && alpha > 0) {
    let person = on_grid(x, y, 0);
    let room = on_grid(x, y, 1);
    let a = alpha / 255;
    colour += person.w * (1 - a) * (person.rgb - colour + a * (person.rgb - room.rgb));
    colour += room.w * (on_grid(x, y, 2).rgb - colour);
    colour = floor(clamp(colour, vec3f(), vec3f(255)) + 0.5);
  }
  if (TRANSPARENT == 1) { // premultiplied, as canvases want it
    textureStore(result, vec2i(x, y), vec4f(colour * alpha / 255, alpha) / 255);
    return;
  }
  let blended = floor((colour * alpha + behind(x, y) * (255 - alpha)) / 255 + 0.5);
  textureStore(result, vec2i(x, y), vec4f(blended / 255, 1));
}
