// How far the picture changed, blurred: camera noise averages out, motion does not (matte::Stabiliser::Observe).
@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let x = i32(id.x);
  let y = i32(id.y);
  if (x >= WIDTH || y >= HEIGHT) { return; }
  var sum = 0f;
  var count = 0f;
  for (var j = max(y - 1, 0); j <= min(y + 1, HEIGHT - 1); j++) {
    for (var i = max(x - 1, 0); i <= min(x + 1, WIDTH - 1); i++) {
      let pixel = j * WIDTH + i;
      let difference = abs(picture[pixel].rgb - memory[pixel].rgb);
      sum += max(max(difference.r, difference.g), difference.b);
      count += 1;
    }
  }
  change[y * WIDTH + x] = sum / count;
}
