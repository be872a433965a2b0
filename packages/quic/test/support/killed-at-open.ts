/** A process that is killed as soon as it has opened a file to copy a library into. */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { withOwnCopies } from "../../src/native-copy.ts";

const { openSync } = fs;
fs.openSync = (...args) => {
  const file = openSync(...args);
  if (String(args[0]).startsWith(tmpdir())) process.kill(process.pid, "SIGKILL");
  return file;
};
syncBuiltinESMExports();
await withOwnCopies(async () => process.dlopen({}, fileURLToPath(import.meta.url)));
