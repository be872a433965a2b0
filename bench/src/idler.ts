import { parentIsDone } from "./child.ts";

// Turns in place until the parent wants it to end.

/** How long it turns before it looks whether it is still wanted, in ms. */
const TURN_MS = 20;

let wanted = true;
void parentIsDone().then(() => {
  wanted = false;
});
turn();

function turn(): void {
  const endMs = performance.now() + TURN_MS;
  while (performance.now() < endMs);
  if (wanted) setImmediate(turn);
}
