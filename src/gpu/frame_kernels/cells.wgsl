// Colours of person, room and background in the middle of each cell of a coarse grid, weighted by how sure alpha is
// (compose::EdgeColours).
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let cell = i32(id.x);
  if (cell >= COLUMNS * ROWS) { return; }
  let x = min(cell % COLUMNS * STEP + STEP / 2, FRAME_WIDTH - 1);
  let y = min(cell / COLUMNS * STEP + STEP / 2, FRAME_HEIGHT - 1);
  let colour = seen(x, y);
  let sure = 2 * alpha_of(x, y, colour) / 255 - 1;
  cells[3 * cell] = select(0, sure * sure, sure > 0) * vec4f(colour.rgb, 1);
  cells[3 * cell + 1] = select(0, sure * sure, sure < 0) * vec4f(colour.rgb, 1);
  cells[3 * cell + 2] = vec4f(behind(x, y), 1);
}
