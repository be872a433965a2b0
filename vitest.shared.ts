import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** Settings every package's tests share: sources are tested directly, without a build. */
export const shared = defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"] } },
  test: {
    include: ["test/**/*.test.ts"],
    reporters: ["default", fileURLToPath(new URL("scripts/remember-failures.mjs", import.meta.url))],
    // Programs and threads that tests start run from sources: half of their start is what this remembers.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL("node_modules/.cache/compiled", import.meta.url)) },
    // Real sockets, child processes and worker threads run here: generous, since a time-out means a hang, not slowness.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
