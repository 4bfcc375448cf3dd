// Their means around each cell: person and how far that is known, room and the share of light, light.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let cell = i32(id.x);
  if (cell >= COLUMNS * ROWS) { return; }
  let x = cell % COLUMNS;
  let y = cell / COLUMNS;
  var person = vec4f();
  var room = vec4f();
  var light = vec4f();
  var count = 0f;
  for (var j = max(y - REACH, 0); j <= min(y + REACH, ROWS - 1); j++) {
    for (var i = max(x - REACH, 0); i <= min(x + REACH, COLUMNS - 1); i++) {
      let at = 3 * (j * COLUMNS + i);
      person += cells[at];
      room += cells[at + 1];
      light += cells[at + 2];
      count += 1;
    }
  }
  person /= count;
  room /= count;
  let trust = f32(DECONTAMINATE) * min(1, min(person.w, room.w) / ENOUGH);
  let cover = clamp(0.5 + (person.w - room.w) / 2, 0, 1);
  grid[3 * cell] = vec4f(person.rgb / max(person.w, 1e-6), trust);
  grid[3 * cell + 1] = vec4f(room.rgb / max(room.w, 1e-6), 2 * LIGHT_WRAP * max(0, LIT - cover));
  grid[3 * cell + 2] = light / light.w;
}
