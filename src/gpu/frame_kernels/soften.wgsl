// Means of the coefficients around each pixel.
@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let x = i32(id.x);
  let y = i32(id.y);
  if (x >= WIDTH || y >= HEIGHT) { return; }
  var sum = vec2f();
  var count = 0f;
  for (var j = max(y - RADIUS, 0); j <= min(y + RADIUS, HEIGHT - 1); j++) {
    for (var i = max(x - RADIUS, 0); i <= min(x + RADIUS, WIDTH - 1); i++) {
      sum += fitted[j * WIDTH + i];
      count += 1;
    }
  }
  softened[y * WIDTH + x] = sum / count;
}
