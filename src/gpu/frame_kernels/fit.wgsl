// The guided filter's coefficients for each pixel of the mask: a and b of a * luma + b (matte::Refiner).
@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let x = i32(id.x);
  let y = i32(id.y);
  if (x >= WIDTH || y >= HEIGHT) { return; }
  if (GUIDED == 0) {
    fitted[y * WIDTH + x] = vec2f(0, held[y * WIDTH + x].x);
    return;
  }
  var sum = vec4f();
  var count = 0f;
  for (var j = max(y - RADIUS, 0); j <= min(y + RADIUS, HEIGHT - 1); j++) {
    for (var i = max(x - RADIUS, 0); i <= min(x + RADIUS, WIDTH - 1); i++) {
      let luma = picture[j * WIDTH + i].w / 255;
      let p = held[j * WIDTH + i].x;
      sum += vec4f(luma, p, luma * luma, luma * p);
      count += 1;
    }
  }
  let m = sum / count;
  let a = (m.w - m.x * m.y) / (max(m.z - m.x * m.x, 0) + EPSILON);
  fitted[y * WIDTH + x] = vec2f(a / 255, m.y - a * m.x);
}
