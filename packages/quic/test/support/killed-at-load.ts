/** A process that is killed when it has its copy of a library and is about to load it. */
import { fileURLToPath } from "node:url";
import { withOwnCopies } from "../../src/native-copy.ts";

process.dlopen = () => process.kill(process.pid, "SIGKILL");
await withOwnCopies(async () => process.dlopen({}, fileURLToPath(import.meta.url)));
