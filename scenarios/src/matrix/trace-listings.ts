import fsNow from "node:fs";
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

// Loaded into a peer's process and its threads before the program (`--import`, by NODE_OPTIONS: threads may be given flags of their
// own): every directory that is listed is a line of stderr, `list PATH`.

const { readdir } = fs;
const { readdirSync } = fsNow;

function tell(path: unknown): void {
  // At once, also from a thread: its stderr would go by way of the main thread.
  fsNow.writeSync(2, `list ${String(path)}\n`);
}

fs.readdir = ((...args: Parameters<typeof readdir>) => {
  tell(args[0]);
  return readdir(...args);
}) as typeof readdir;
fsNow.readdirSync = ((...args: Parameters<typeof readdirSync>) => {
  tell(args[0]);
  return readdirSync(...args);
}) as typeof readdirSync;
syncBuiltinESMExports();
