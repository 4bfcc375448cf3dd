// The frame at the network's size: R, G, B as bytes, and luma.
@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let x = i32(id.x);
  let y = i32(id.y);
  if (x >= WIDTH || y >= HEIGHT) { return; }
  let rows = taps_of(y, 0, f32(FRAME_HEIGHT) / f32(HEIGHT), FRAME_HEIGHT);
  let columns = taps_of(x, 0, f32(FRAME_WIDTH) / f32(WIDTH), FRAME_WIDTH);
  var sum = vec4f();
  for (var j = rows.first; j <= rows.last; j++) {
    let row_weight = tap_weight(rows, j);
    for (var i = columns.first; i <= columns.last; i++) {
      sum += row_weight * tap_weight(columns, i) * vec4f(seen(i, j).rgb, 1);
    }
  }
  let colour = floor(sum.rgb / sum.w + 0.5);
  picture[y * WIDTH + x] = vec4f(colour, luma_of(colour));
}
