import { renameSync, writeFileSync } from "node:fs";

// Loaded into a peer's process before the program (`--import`, with `--expose-gc`): answers SIGUSR2 with a file that says what the
// process holds, so that the program itself needs nothing for it.

const file = process.env["LANSPREAD_SOAK_SAMPLE"];

process.on("SIGUSR2", () => {
  // Twice, in two turns: what the first finds may have finalizers, and what they free is found by the second.
  globalThis.gc?.();
  setImmediate(() => {
    globalThis.gc?.();
    const { heapUsed, external, rss } = process.memoryUsage();
    if (file === undefined) return;
    const resources: Record<string, number> = {};
    for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
    writeFileSync(`${file}.part`, JSON.stringify({ heapUsed, external, rss, resources }));
    renameSync(`${file}.part`, file);
  });
});
