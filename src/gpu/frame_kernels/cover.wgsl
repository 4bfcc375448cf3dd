// A picture stretched to cover the frame, centred, what sticks out cropped; what is transparent is black.
@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let x = i32(id.x);
  let y = i32(id.y);
  if (x >= FRAME_WIDTH || y >= FRAME_HEIGHT) { return; }
  let size = vec2f(textureDimensions(background));
  let frame_size = vec2f(FRAME_WIDTH, FRAME_HEIGHT);
  let shown = min(size, frame_size / max(frame_size.x / size.x, frame_size.y / size.y));
  let start = (size - shown) / 2;
  let rows = taps_of(y, start.y, shown.y / frame_size.y, i32(size.y));
  let columns = taps_of(x, start.x, shown.x / frame_size.x, i32(size.x));
  var sum = vec4f();
  for (var j = rows.first; j <= rows.last; j++) {
    let row_weight = tap_weight(rows, j);
    for (var i = columns.first; i <= columns.last; i++) {
      let colour = textureLoad(background, vec2i(i, j), 0);
      sum += row_weight * tap_weight(columns, i) * vec4f(colour.rgb * colour.a, 1);
    }
  }
  textureStore(result, vec2i(x, y), vec4f(sum.rgb / sum.w, 1));
}
