// A pixel of the frame as bytes, R, G, B and opacity. Colours of what is transparent are no person's and no room's.
fn seen(x: i32, y: i32) -> vec4f {
  let v = floor(load_frame(vec2i(x, y)) * 255 + 0.5);
  return select(v, vec4f(96, 96, 96, 0), v.a == 0);
}
fn luma_of(colour: vec3f) -> f32 {
  return floor((dot(colour, vec3f(77, 150, 29)) + 128) / 256);
}
