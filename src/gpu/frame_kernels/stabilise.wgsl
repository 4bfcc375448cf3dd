// Holds the mask still where the picture is (matte::Stabiliser::Process). memory: the picture and the
// steady mask so far. held: that mask, and the network's own. What is no number is room.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let pixel = i32(id.x);
  if (pixel >= WIDTH * HEIGHT) { return; }
  let given = bitcast<u32>(mask[pixel]);
  let fresh = select(clamp(bitcast<f32>(given), 0, 1), 0, (given & 0x7f800000) == 0x7f800000);
  let colour = picture[pixel].rgb;
  let before = memory[pixel];
  if (settings.x > 0 || STABILISE == 0) {
    memory[pixel] = vec4f(colour, fresh);
    still_frames[pixel] = -FIRST;
    held[pixel] = vec2f(fresh, fresh);
    return;
  }
  let noise = scene[0].x * NOISE;
  var motion = clamp((change[pixel] - noise) / max(scene[0].x * MOTION - noise, 1e-3), 0, 1);
  motion = motion * motion * (3 - 2 * motion);
  let still_for = (1 - motion) * (still_frames[pixel] + 1);
  var step = fresh - before.w;
  if (step > 0) { step *= 1 - HOLD * (1 - motion) * (1 - before.w) * clamp(still_for / max(HOLD_AFTER, 1), 0, 1); }
  let still = STILL_RATE + (JUMP_RATE - STILL_RATE) * abs(step);
  let rate = still + (1 - still) * motion;
  let steady = before.w + rate * step;
  memory[pixel] = vec4f(before.rgb + rate * (colour - before.rgb), steady);
  still_frames[pixel] = still_for;
  held[pixel] = vec2f(steady, fresh);
}
