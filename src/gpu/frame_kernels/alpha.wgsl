// Alpha of a frame's pixel, 0 to 255, from coefficients on the mask's grid: levels of a * luma + b.
fn alpha_of(x: i32, y: i32, colour: vec4f) -> f32 {
  let at = clamp((vec2f(f32(x), f32(y)) + 0.5) * vec2f(SCALE_X, SCALE_Y) - 0.5, vec2f(), vec2f(WIDTH - 1, HEIGHT - 1));
  let first = vec2i(at);
  let second = min(first + 1, vec2i(WIDTH - 1, HEIGHT - 1));
  let weight = at - vec2f(first);
  let top = mix(coefficients[first.y * WIDTH + first.x], coefficients[first.y * WIDTH + second.x], weight.x);
  let bottom = mix(coefficients[second.y * WIDTH + first.x], coefficients[second.y * WIDTH + second.x], weight.x);
  let c = mix(top, bottom, weight.y);
  let q = clamp((c.x * luma_of(colour.rgb) + c.y - LEVEL_LOW) * LEVEL_GAIN, 0, 1);
  let alpha = floor(q * 255 + 0.5);
  return select(floor((alpha * colour.a + 127) / 255), alpha, colour.a == 255);
}
