// How a kernel ends: activation(residual + limit(v)); slopes stand in the parameters.
fn finish(value: vec4f, pixel: i32, group: i32) -> vec4f {
  var v = value;
  if (RELU_FIRST == 1) { v = max(v, vec4f()); }
  v += read_residual(pixel, group);
  switch (ENDING) {
    case 1: { return max(v, vec4f()); }
    case 2: { return 1 / (1 + exp(min(-v, vec4f(80)))); }
    case 3: { return v * clamp(v / 6 + 0.5, vec4f(), vec4f(1)); }
    case 4: { return select(parameter(SLOPES + group) * v, v, v > vec4f()); }
    default: { return v; }
  }
}
