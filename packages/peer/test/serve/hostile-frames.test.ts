import {
  type Answer,
  encodeFrame,
  MAX_HELLO_BYTES,
  MAX_REQUEST_BYTES,
  parseAnswer,
  RESET,
} from "@lanspread/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readFrameBody, readFrameLength } from "../../src/transfer/index.ts";
import { StoppedTime } from "../transfer/stopped-time.ts";
import { ASKER, createServeRig, type Opened, type ServeRig } from "./rig.ts";

const FILES = { "version.ini": "1" };
const length = (bytes: number): Buffer => {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(bytes);
  return header;
};
const frame = (body: string): Buffer => Buffer.concat([length(Buffer.byteLength(body)), Buffer.from(body)]);

async function send(rig: ServeRig, bytes: Uint8Array): Promise<Opened> {
  const opened = rig.open({ windowBytes: 16 * 1024 * 1024 });
  await opened.asking.write(bytes).catch(() => {});
  opened.asking.finish();
  return opened;
}

async function readAnswer({ asking }: Opened): Promise<Answer> {
  const bytes = await readFrameLength(asking, 10_000);
  if (bytes === null) throw new Error("no answer");
  const body = Buffer.alloc(bytes);
  await readFrameBody(asking, body);
  return parseAnswer(body);
}

/** The connection lives: the next request is answered. */
async function expectAlive(rig: ServeRig): Promise<void> {
  rig.clock += 1000;
  expect(await rig.ask({ type: "ping", peer_id: ASKER })).toEqual({ type: "pong" });
}

describe("is answered bad_request", () => {
  it.each<[string, Buffer]>([
    ["an empty frame", length(0)],
    ["half a length", Buffer.from([0, 0])],
    ["half a frame", frame('{"type":"list_games"}').subarray(0, 12)],
    ["what is no JSON", frame("hello?")],
    ["what is no UTF-8", Buffer.concat([length(2), Buffer.from([0xc3, 0x28])])],
    ["an unknown type", frame('{"type":"format_disk"}')],
    ["an answer", frame('{"type":"pong"}')],
    ["a field too many", frame('{"type":"list_games","all":true}')],
    ["a field of another type", frame('{"type":"get_game","game_id":7}')],
    ["a game id that is a path", frame('{"type":"get_game","game_id":"../x"}')],
    ["brackets without end", frame("[".repeat(60_000))],
    ["a list", frame("[]")],
    [
      "a negative offset",
      frame(
        `{"type":"get_game_file_chunk","game_id":"ggoo","manifest_hash":"${"a".repeat(64)}","path":"a","offset":-1,"length":1}`,
      ),
    ],
  ])("%s", async (_, bytes) => {
    await using rig = await createServeRig(FILES);
    const opened = await send(rig, bytes);
    expect(await readAnswer(opened)).toMatchObject({ type: "error", code: "bad_request", retryable: false });
    await opened.served;
    expect(rig.diskLooks).toBe(0);
    expect(rig.handled).toEqual([]);
    await expectAlive(rig);
  });
});

describe("is reset with its code", () => {
  const padded = `{"type":"list_games"${" ".repeat(MAX_REQUEST_BYTES)}}`;
  it.each<[string, Buffer, number]>([
    ["a frame of 4 GiB", length(0xffff_ffff), RESET.tooLarge],
    ["a frame one byte over the longest", length(MAX_HELLO_BYTES + 1), RESET.tooLarge],
    ["a long frame of a short message", frame(padded), RESET.tooLarge],
    ["a stream without a byte", Buffer.alloc(0), RESET.malformed],
  ])("%s", async (_, bytes, code) => {
    await using rig = await createServeRig(FILES);
    const { served, answer } = await send(rig, bytes);
    await served;
    expect(answer).toMatchObject({ resetCode: code, taken: 0 });
    await expectAlive(rig);
  });
});

it("gives the answer where bytes come behind the request, and takes none of them", async () => {
  await using rig = await createServeRig(FILES);
  const opened = await send(rig, Buffer.concat([encodeFrame({ type: "list_games" }), Buffer.alloc(1000)]));
  expect((await readAnswer(opened)).type).toBe("games");
  await opened.served;
  expect(opened.request.stopCode).toBe(RESET.malformed);
});

describe("gives up", () => {
  it.each([0, 3, 4, 10])("a frame that stops after %i bytes", async (bytes) => {
    await using rig = await createServeRig(FILES, { noProgressMs: 30 });
    using time = new StoppedTime();
    const { asking, served, answer, request } = rig.open();
    if (bytes > 0) await asking.write(frame('{"type":"list_games"}').subarray(0, bytes));
    await time.passUntil(served, 30);
    expect(answer.resetCode).toBe(RESET.stalled);
    expect(request.stopCode).toBe(RESET.stalled);
    await expectAlive(rig);
  });

  it("a long frame that comes byte by byte", async () => {
    await using rig = await createServeRig(FILES, { noProgressMs: 100 });
    const { asking, served, answer } = rig.open();
    await asking.write(length(1_000_000));
    const drip = async (): Promise<void> => {
      for (;;) {
        await asking.write(Buffer.from(" "));
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    };
    await expect(drip()).rejects.toThrow("stopped with");
    await served;
    expect(answer.resetCode).toBe(RESET.stalled);
  });

  it("who never ends the request", async () => {
    await using rig = await createServeRig(FILES, { noProgressMs: 30 });
    using time = new StoppedTime();
    const opened = rig.open();
    await opened.asking.write(encodeFrame({ type: "list_games" }));
    expect((await readAnswer(opened)).type).toBe("games");
    await time.passUntil(opened.served, 30);
    expect(opened.request.stopCode).toBe(RESET.cancelled);
  });
});

it("holds no more than a budget of frames for one peer", async () => {
  await using rig = await createServeRig(FILES);
  const opened = Array.from({ length: 3 }, () => rig.open());
  for (const { asking } of opened) await asking.write(length(MAX_HELLO_BYTES));
  const answers = opened.map((one) => readAnswer(one).then((answer) => ({ one, answer })));
  const { one, answer } = await Promise.race(answers);
  expect(answer).toMatchObject({ type: "error", code: "busy", retryable: true });
  await one.served;
  expect(one.request.stopCode).toBe(RESET.overLimit);
  for (const other of opened) other.asking.reset(RESET.cancelled);
  await Promise.allSettled(answers);
  await Promise.all(opened.map(({ served }) => served));
  // What they held is free again.
  rig.clock += 60_000;
  const again = [rig.open(), rig.open()];
  for (const { asking } of again) {
    await asking.write(length(MAX_HELLO_BYTES));
    asking.finish();
  }
  for (const next of again) expect(await readAnswer(next)).toMatchObject({ code: "bad_request" });
});

it("outlives garbage of every kind", async () => {
  await using rig = await createServeRig(FILES);
  const text = fc.oneof(fc.string(), fc.json(), fc.constantFrom('{"type":"ping"}', '{"type":"list_games"}'));
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((raw) => Buffer.from(raw)),
    text.map(frame),
    fc.tuple(text, fc.nat(300)).map(([body, cut]) => frame(body).subarray(0, cut)),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (raw) => {
      rig.clock += 1000;
      const opened = await send(rig, raw);
      await opened.served;
    }),
    { numRuns: 300 },
  );
  expect(rig.diskLooks).toBe(0);
  expect(rig.log.filter((entry) => entry.level !== "debug" && entry.name.endsWith("serve"))).toEqual([]);
  await expectAlive(rig);
});
