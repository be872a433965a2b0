import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { eventually, writeRar5 } from "@lanspread/testkit";
import { expect, it } from "vitest";
import { GGOO } from "../../install/support.ts";
import { Party } from "../../runtime/party.ts";
import type { ReceiverReport } from "./receiving-child.ts";

const MIB = 1024 * 1024;

/** Several times what a receiver may take, in one file, so that whatever is kept of it shows. */
const GAME_BYTES = 256 * MIB;

/** What a streamed install may take beside what a peer takes anyway: its buffers, and what is on its way. */
const STREAM_BYTES = 100 * MIB;

it("a receiver takes no more memory for a large game, and its sender has nothing left of it", async () => {
  await using party = await Party.make();
  const { gamesDir } = await party.folders("sender");
  await mkdir(join(gamesDir, GGOO));
  await writeRar5(join(gamesDir, GGOO, "big.eti"), [{ name: "big.bin", content: { zeros: GAME_BYTES } }]);
  await writeFile(join(gamesDir, GGOO, "version.ini"), "2018.04.12\n");
  const sender = await party.start("sender", { discovery: null });
  await sender.event("local-library-changed", ({ games }) => games.some(({ downloaded }) => downloaded));

  const folders = await party.folders("receiver");
  const script = fileURLToPath(new URL("receiving-child.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    ["--conditions=source", script, folders.gamesDir, folders.stateDir, party.name, sender.peer.addr, GGOO],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const [output] = await Promise.all([text(child.stdout), once(child, "exit")]);
  const { end, idleRssBytes, maxRssBytes } = JSON.parse(output) as ReceiverReport;
  expect(end).toMatchObject({ type: "stream-install-finished", files: 1, bytes: GAME_BYTES });
  expect((await stat(join(folders.gamesDir, GGOO, "local/big.bin"))).size).toBe(GAME_BYTES);
  expect(maxRssBytes - idleRssBytes).toBeLessThan(STREAM_BYTES);
  await eventually(() => Object.keys(sender.peer.snapshot().status.outboundTransfers).length === 0);
});
