import { mkdir } from "node:fs/promises";
import { asGameId } from "@lanspread/proto";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../src/logger.ts";
import { OperationTable } from "../../src/runtime/operations.ts";
import { recoverNewcomer } from "../../src/runtime/recover.ts";
import { openStateDir } from "../../src/storage/index.ts";
import { createOutboundTransfers } from "../../src/transfer/index.ts";

const QUAKE = asGameId("quake");

describe("a games directory that has come", () => {
  it("is put right when nothing of the one before is sent any more, and no operation begins before that has ended", async () => {
    await using dir = await temporaryDirectory();
    const gamesDir = dir.join("games");
    await mkdir(gamesDir);
    const operations = new OperationTable();
    const asked = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const outbound = createOutboundTransfers();
    const sending = outbound.run(QUAKE, async ({ signal }) => {
      signal.addEventListener("abort", () => asked.resolve());
      await ended.promise;
    });
    const recovered = recoverNewcomer(
      {
        stateDir: await openStateDir(dir.join("state")),
        operations,
        outbound,
        logger: silentLogger,
        signal: new AbortController().signal,
      },
      gamesDir,
    );
    await asked.promise;
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
    expect(operations.begin(QUAKE, "downloading").kind).toBe("downloading");
  });
});
