import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { type Rar5Entry, type TemporaryDirectory, temporaryDirectory, writeRar5 } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import {
  type ApprovedEntry,
  CONTROL_SLOTS,
  type UnpackingStart,
  type UnrarReply,
  type UnrarRequest,
} from "../../src/install/unrar/messages.ts";
import { unrarCode } from "../../src/install/unrar/shared-code.ts";
import { namesIn } from "./support.ts";

const WORKER = new URL("../../src/install/unrar/worker.ts", import.meta.url);

/** The thread that unpacks, asked request by request as the unpacker asks it. */
async function startWorker() {
  const control = new SharedArrayBuffer(CONTROL_SLOTS * Int32Array.BYTES_PER_ELEMENT);
  const workerData: UnpackingStart = { control, code: await unrarCode() };
  const worker = new Worker(WORKER, { workerData, execArgv: [] });
  return {
    ask: async (request: UnrarRequest): Promise<UnrarReply> => {
      worker.postMessage(request);
      for (;;) {
        const [reply] = (await once(worker, "message")) as [UnrarReply];
        if (reply.type !== "progress") return reply;
      }
    },
    [Symbol.asyncDispose]: async () => {
      await worker.terminate();
    },
  };
}

const LISTED: Rar5Entry[] = [
  { name: "game.exe", content: "program" },
  { type: "directory", name: "data" },
  { name: "data/world", content: "the world" },
];

/** Unpacks an archive that was another one when its entries were listed and approved. */
async function unpackSwapped(place: TemporaryDirectory, entries: Rar5Entry[]) {
  const archive = place.join("game.eti");
  const into = place.join("into");
  await mkdir(into);
  await using worker = await startWorker();
  await writeRar5(archive, LISTED);
  const listed = await worker.ask({ type: "list", archive });
  if (listed.type !== "listing") throw new Error(`the worker said ${listed.type}`);
  const approved: ApprovedEntry[] = listed.listing.entries.map((entry) => ({ ...entry, path: entry.name }));
  await writeRar5(archive, entries);
  return { archive, into, reply: await worker.ask({ type: "unpack", archive, into, entries: approved }) };
}

describe("an archive that is another one when it is unpacked", () => {
  it.each<[string, Rar5Entry[], string[]]>([
    ["with another name", [{ name: "../game.exe", content: "program" }, ...LISTED.slice(1)], []],
    ["with another size", [{ name: "game.exe", content: "programme" }, ...LISTED.slice(1)], []],
    [
      "with a file for a directory",
      [...LISTED.slice(0, 1), { name: "data", content: "" }, ...LISTED.slice(2)],
      ["game.exe"],
    ],
    ["with one entry more", [...LISTED, { name: "more", content: "" }], ["data", "game.exe"]],
    ["with one entry fewer", LISTED.slice(0, 2), ["data", "game.exe"]],
  ])("%s is refused, and nothing is made that was not approved", async (_, entries, made) => {
    await using place = await temporaryDirectory();
    const { archive, into, reply } = await unpackSwapped(place, entries);
    expect(reply).toEqual({
      type: "failed",
      code: "archive-damaged",
      message: `${archive} was changed while it was unpacked`,
    });
    expect(await namesIn(into)).toEqual(made);
    expect(await namesIn(place.path)).toEqual(["game.eti", "into"]);
  });

  it("is unpacked where it has the same entries", async () => {
    await using place = await temporaryDirectory();
    const { into, reply } = await unpackSwapped(place, LISTED);
    expect(reply.type).toBe("unpacked");
    expect(await namesIn(join(into, "data"))).toEqual(["world"]);
  });
});
