import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asGameId } from "@lanspread/proto";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../src/logger.ts";
import { OperationTable } from "../../src/runtime/operations.ts";
import { recover, recoverNewcomer } from "../../src/runtime/recover.ts";
import { openStateDir } from "../../src/storage/index.ts";
import { createOutboundTransfers } from "../../src/transfer/index.ts";

const QUAKE = asGameId("quake");

describe("a games directory that has come", () => {
  it("is put right when nothing of the one before is sent any more, and no operation begins before that has ended", async () => {
    await using dir = await temporaryDirectory();
    const [gamesDir, other] = [dir.join("games"), dir.join("other")];
    // What an interrupted download has left there.
    for (const path of [gamesDir, other]) {
      await mkdir(join(path, QUAKE), { recursive: true });
      await writeFile(join(path, QUAKE, ".version.ini.discarded"), "20240101");
    }
    const left = (path: string): Promise<string[]> => readdir(join(path, QUAKE));
    const operations = new OperationTable();
    const asked = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const outbound = createOutboundTransfers();
    const sending = outbound.run(QUAKE, async ({ signal }) => {
      signal.addEventListener("abort", () => asked.resolve());
      await ended.promise;
    });
    const context = {
      stateDir: await openStateDir(dir.join("state")),
      operations,
      outbound,
      logger: silentLogger,
      signal: new AbortController().signal,
    };
    const recovered = recoverNewcomer(context, gamesDir);
    await asked.promise;
    // Longer than the same work takes nothing is done there.
    await recover(context, other);
    expect([await left(gamesDir), await left(other)]).toEqual([[".version.ini.discarded"], []]);
    expect(() => operations.begin(QUAKE, "downloading")).toThrow(
      expect.objectContaining({
        code: "operation-in-progress",
        message: expect.stringContaining(gamesDir),
        retryable: true,
      }),
    );
    ended.resolve();
    await Promise.allSettled([sending]);
    await recovered;
    expect(await left(gamesDir)).toEqual([]);
    expect(operations.begin(QUAKE, "downloading").kind).toBe("downloading");
  });
});
