import { utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RESET } from "@lanspread/proto";
import { eventually, seededBytes } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { PeerError } from "../../../src/errors/index.ts";
import { createUnrarJsUnpacker, type StreamOptions, type Unpacker } from "../../../src/install/index.ts";
import { FRAME_BUFFER_BYTES } from "../../../src/stream-install/send/constants.ts";
import { connect } from "../../serve/party.ts";
import { content, type Opened, type ServeRig } from "../../serve/rig.ts";
import {
  archiveOf,
  askForStream,
  createStreamRig,
  type FrameReceiver,
  GGOO,
  gameOf,
  nothingLeft,
  openFilesBelow,
  type Received,
  unpackingThreads,
} from "./support.ts";

const BYTES = 24_000_000;
/** Who takes nothing for so long stalls, ms; who only waits for a processor on a machine under load waits for less. */
const STALLED_MS = 6_000;
const FILES = await gameOf({ "a.eti": [{ name: "big.bin", content: seededBytes(1, BYTES) }] });
const onLinux = process.platform === "linux";

const warnings = (rig: ServeRig): unknown[] =>
  rig.log.filter((entry) => entry.level === "warn" || entry.level === "error");

/** Takes the first frames, and stands still. */
async function begun(rig: ServeRig, receiver: FrameReceiver): Promise<void> {
  expect(await receiver.next()).toMatchObject({ type: "archive_begin" });
  expect(await receiver.next()).toMatchObject({ type: "file_begin" });
  expect(await receiver.next()).toBeInstanceOf(Uint8Array);
  expect(rig.outbound.counts()).toEqual({ [GGOO]: 1 });
  if (!onLinux) return;
  expect(unpackingThreads()).toBe(1);
  expect(openFilesBelow(rig.library.gamesDir)).toHaveLength(1);
}

describe("over a real connection nothing is left when", () => {
  it("all of it came", async () => {
    await using rig = await createStreamRig(FILES);
    await using party = await connect(rig);
    const receiver = await askForStream(rig, await party.connection.openStream());
    await begun(rig, receiver);
    expect((await receiver.rest()).at(-1)).toEqual({ type: "complete", files: 1, bytes: BYTES });
    await nothingLeft(rig);
    await eventually(() => party.connection.stats().openStreams === 0);
  });

  it("the receiver wants no more: the next one is served", async () => {
    await using rig = await createStreamRig(FILES);
    await using party = await connect(rig);
    // More often than a peer has places.
    for (let attempt = 0; attempt < 3; attempt++) {
      const receiver = await askForStream(rig, await party.connection.openStream());
      await begun(rig, receiver);
      receiver.stream.stop(RESET.cancelled);
      await nothingLeft(rig);
    }
    const last = await askForStream(rig, await party.connection.openStream());
    expect((await last.rest()).at(-1)).toMatchObject({ type: "complete" });
    await nothingLeft(rig);
    await eventually(() => party.connection.stats().openStreams === 0);
    expect(warnings(rig)).toEqual([]);
  });

  it("the connection of the receiver is lost", async () => {
    await using rig = await createStreamRig(FILES);
    await using party = await connect(rig);
    await begun(rig, await askForStream(rig, await party.connection.openStream()));
    party.connection.close();
    await party.over;
    await nothingLeft(rig);
    expect(warnings(rig)).toEqual([]);
  });

  it("the receiver takes nothing for too long", async () => {
    await using rig = await createStreamRig(FILES, { transfers: { noProgressMs: STALLED_MS } });
    await using party = await connect(rig);
    const receiver = await askForStream(rig, await party.connection.openStream());
    await begun(rig, receiver);
    await nothingLeft(rig);
    await expect(receiver.rest()).rejects.toMatchObject({ code: RESET.stalled });
    // The connection lives, and whoever reads is served: at the latest when nobody waits for a processor.
    await eventually(async () => {
      const other = await askForStream(rig, await party.connection.openStream());
      const last = (await other.rest()).at(-1);
      return !(last instanceof Uint8Array) && last?.type === "complete";
    });
    await nothingLeft(rig);
  });

  it("an operation begins to work on the game", async () => {
    await using rig = await createStreamRig(FILES);
    await using party = await connect(rig);
    const receiver = await askForStream(rig, await party.connection.openStream());
    await begun(rig, receiver);
    rig.library.busy.add(GGOO);
    await rig.outbound.cancel(GGOO);
    // Not a moment later: the operation changes the archives now.
    expect(rig.outbound.counts()).toEqual({});
    expect(unpackingThreads()).toBe(0);
    expect(openFilesBelow(rig.library.gamesDir)).toEqual([]);
    await expect(receiver.rest()).rejects.toMatchObject({ code: RESET.revoked });
    expect(warnings(rig)).toEqual([]);
  });

  it("the gate closes, and nobody cancels", async () => {
    await using rig = await createStreamRig(FILES);
    await using party = await connect(rig);
    const receiver = await askForStream(rig, await party.connection.openStream());
    await begun(rig, receiver);
    rig.library.busy.add(GGOO);
    await expect(receiver.rest()).rejects.toMatchObject({ code: RESET.revoked });
    await nothingLeft(rig);
  });

  it("an archive is damaged: an error frame says which, and which file", async () => {
    const files = await gameOf({
      "a.eti": [
        { name: "right.bin", content: content(100_000, "right") },
        { name: "wrong.bin", content: content(3_000_000, "wrong"), damage: "data" },
        { name: "behind.bin", content: "never comes" },
      ],
    });
    await using rig = await createStreamRig(files);
    await using party = await connect(rig);
    const receiver = await askForStream(rig, await party.connection.openStream());
    const frames = (await receiver.rest()).filter((frame) => !(frame instanceof Uint8Array));
    expect(frames).toEqual([
      expect.objectContaining({ type: "archive_begin" }),
      expect.objectContaining({ type: "file_begin", path: "right.bin" }),
      expect.objectContaining({ type: "file_end" }),
      expect.objectContaining({ type: "file_begin", path: "wrong.bin" }),
      {
        type: "error",
        code: "internal",
        message: 'a.eti: "wrong.bin": the checksum is wrong',
        retryable: false,
      },
    ]);
    await nothingLeft(rig);
    expect(warnings(rig)).toMatchObject([
      { name: "lanspread:serve:unpack", fields: { archive: "a.eti", code: "archive-damaged" } },
      { fields: { gameId: GGOO, error: expect.objectContaining({ code: "archive-damaged" }) } },
    ]);
  });
});

it("a damaged header of the last archive is noticed before the first frame", async () => {
  const files = await gameOf({
    "a.eti": [{ name: "fine.bin", content: "fine" }],
    "b.eti": [{ name: "wrong.bin", content: "wrong", damage: "header" }],
  });
  await using rig = await createStreamRig(files);
  const { asking } = rig.open();
  const frames = await (await askForStream(rig, asking)).rest();
  expect(frames).toEqual([
    { type: "error", code: "internal", message: "b.eti: a header is damaged", retryable: false },
  ]);
  await nothingLeft(rig);
});

describe("over a stream in memory", () => {
  const WINDOW = 64 * 1024;

  async function halfRead(
    rig: ServeRig,
    options: Parameters<ServeRig["open"]>[0] = {},
  ): Promise<Opened & { readonly receiver: FrameReceiver }> {
    const opened = rig.open({ windowBytes: WINDOW, ...options });
    const receiver = await askForStream(rig, opened.asking);
    expect(await receiver.next()).toMatchObject({ type: "archive_begin" });
    return { ...opened, receiver };
  }

  it("a receiver that takes nothing stops the unpacking, and no memory fills", async () => {
    await using rig = await createStreamRig(FILES);
    const { answer, receiver, served } = await halfRead(rig);
    await eventually(() => answer.taken >= WINDOW);
    expect(answer.taken).toBeLessThan(3 * WINDOW);
    const rest = await receiver.rest();
    expect(rest.at(-1)).toMatchObject({ type: "complete" });
    await served;
  });

  it.each([
    ["the connection's end", new Error("closed"), RESET.cancelled],
    ["the end of this peer", new PeerError("shutting-down", "stopping"), RESET.shuttingDown],
  ])("it ends with %s", async (_, reason, code) => {
    await using rig = await createStreamRig(FILES);
    const over = new AbortController();
    const { served, answer } = await halfRead(rig, { context: { signal: over.signal } });
    over.abort(reason);
    await served;
    expect(answer.resetCode).toBe(code);
    await nothingLeft(rig);
    expect(warnings(rig)).toEqual([]);
  });

  it("it ends wherever it is cancelled: at each time that the gate is asked", async () => {
    const files = await gameOf({
      "a.eti": [
        { type: "directory", name: "data" },
        { name: "data/a.bin", content: content(300_000, "a") },
      ],
      "b.eti": [{ name: "b.bin", content: "b" }],
    });
    await using rig = await createStreamRig(files);
    let steps = 0;
    const registered = new Set<number | undefined>();
    const whole = async (): Promise<readonly Received[]> => {
      const { asking, served } = rig.open();
      try {
        return await (await askForStream(rig, asking)).rest();
      } finally {
        await served;
      }
    };
    rig.onGate = () => {
      steps += 1;
      registered.add(rig.outbound.counts()[GGOO]);
    };
    expect((await whole()).at(-1)).toMatchObject({ type: "complete" });
    const total = steps;
    expect(total).toBeGreaterThan(8);
    // The guard is registered before the gate is asked, each time.
    expect([...registered]).toEqual([1]);
    for (let at = 1; at <= total; at++) {
      steps = 0;
      rig.clock += 1000;
      let cancelled: Promise<void> | undefined;
      rig.onGate = () => {
        steps += 1;
        if (steps === at) cancelled = rig.outbound.cancel(GGOO);
      };
      const frames = await whole().catch(() => []);
      expect(frames.some((frame) => !(frame instanceof Uint8Array) && frame.type === "complete")).toBe(false);
      expect(cancelled, `step ${at}`).toBeDefined();
      await cancelled;
      await nothingLeft(rig);
    }
    expect(warnings(rig)).toEqual([]);
  });

  it("it ends at the next bytes where the gate is closed, not when all of them were sent", async () => {
    await using rig = await createStreamRig(FILES);
    const { receiver, served, answer } = await halfRead(rig);
    rig.library.busy.add(GGOO);
    await expect(receiver.rest()).rejects.toThrow(`reset with ${RESET.revoked}`);
    await served;
    expect(answer.taken).toBeLessThan(BYTES / 2);
  });

  it("it is not said to be complete where the gate is closed behind the last byte", async () => {
    const unpacker = createUnrarJsUnpacker();
    const stream: Unpacker["stream"] = async (options) => {
      const totals = await unpacker.stream(options);
      rig.library.busy.add(GGOO);
      return totals;
    };
    await using rig = await createStreamRig(FILES, { unpacker: { ...unpacker, stream } });
    const { receiver, served, answer } = await halfRead(rig);
    await expect(receiver.rest()).rejects.toThrow(`reset with ${RESET.revoked}`);
    await served;
    // All but what was still collected.
    expect(answer.taken).toBeGreaterThan(BYTES - FRAME_BUFFER_BYTES);
  });

  it.each(["list", "stream"] as const)(
    "an unpacker that gives nothing to %s ends with it",
    async (method) => {
      const waiting = Promise.withResolvers<void>();
      const forever = async (signal: AbortSignal | undefined): Promise<never> => {
        const over = Promise.withResolvers<never>();
        signal?.addEventListener("abort", () => over.reject(new Error("aborted")), { once: true });
        waiting.resolve();
        return await over.promise;
      };
      const unpacker: Unpacker = {
        ...createUnrarJsUnpacker(),
        ...(method === "list"
          ? { list: (_: string, { signal }: { readonly signal?: AbortSignal } = {}) => forever(signal) }
          : { stream: ({ signal }: StreamOptions) => forever(signal) }),
      };
      await using rig = await createStreamRig(FILES, { unpacker });
      const { asking, served } = rig.open();
      await askForStream(rig, asking);
      await waiting.promise;
      await rig.outbound.cancel(GGOO);
      expect(rig.outbound.counts()).toEqual({});
      await served;
      expect(warnings(rig)).toEqual([]);
    },
  );

  it.each([
    ["another content of the same length", true],
    ["nonsense of the same length", false],
  ])("an archive that becomes %s meanwhile is revoked, whatever was read of it", async (_, isArchive) => {
    await using rig = await createStreamRig(FILES);
    const path = join(rig.library.gamesDir, GGOO, "a.eti");
    const { receiver, served, answer } = await halfRead(rig);
    const length = FILES["a.eti"]?.length ?? 0;
    const other = await archiveOf([{ name: "big.bin", content: seededBytes(2, BYTES) }]);
    expect(other.length).toBe(length);
    await writeFile(path, isArchive ? other : seededBytes(3, length));
    await utimes(path, new Date(), new Date(Date.now() + 5000));
    await expect(receiver.rest()).rejects.toThrow(`reset with ${RESET.revoked}`);
    await served;
    expect(answer.resetCode).toBe(RESET.revoked);
    await nothingLeft(rig);
  });
});
