import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { eventually } from "@lanspread/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_MESSAGE_BYTES } from "../../shell/constants.ts";
import { createRig, DEADLINE_MS, enter, type Rig, TestPage } from "../support.ts";
import { drained, type Frame, frameOf, OPCODE, openFrozen } from "./frames.ts";

const STATUS = { type: "command", command: { type: "status" } } as const;
const MIB = 1024 ** 2;

/** A message of the page with more in it, as text. */
const asked = (more: string, id = "1"): string =>
  `{"type":"command","id":${id},"command":{"type":"status"}${more}}`;

const text = (payload: string): Frame => ({ opcode: OPCODE.text, payload });

/** Without a word: what was sent and not read any more makes the system drop what was on its way back. */
const CUT_OFF = 0;

/** A goodbye without a code (RFC 6455, 7.4.1). */
const NO_CODE = 1005;

/** The code that the shell closes a socket with. */
async function closeCodeOf(socket: Socket): Promise<number> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.resume();
  await eventually(() => socket.closed, { what: "the end of the connection", deadlineMs: DEADLINE_MS });
  const bytes = Buffer.concat(chunks);
  // The last frame: 0x88, its length, the code, and why.
  const at = bytes.lastIndexOf(0x88);
  if (at < 0) return CUT_OFF;
  return bytes.length < at + 4 ? NO_CODE : bytes.readUInt16BE(at + 2);
}

describe("a page that breaks the rules", () => {
  let rig: Rig;
  let door: Awaited<ReturnType<typeof enter>>;
  let good: TestPage;

  beforeAll(async () => {
    rig = await createRig();
    door = await enter((await rig.start()).openAddress());
    good = await TestPage.open(door);
  });

  afterAll(async () => {
    good.socket.terminate();
    await rig[Symbol.asyncDispose]();
  });

  async function expectEnd(frames: Iterable<Frame>, codes: readonly number[]): Promise<void> {
    const socket = await openFrozen(door);
    for (const frame of frames) {
      if (socket.destroyed) break;
      if (!socket.write(frameOf(frame))) await drained(socket);
    }
    if (!socket.destroyed) socket.write(frameOf({ opcode: OPCODE.close, payload: "" }));
    expect(codes).toContain(await closeCodeOf(socket));
    expect(await good.ask(STATUS)).toMatchObject({ type: "answer" });
  }

  it.each<[string, Frame, number]>([
    ["a message of 1 MB", text("x".repeat(MIB)), 1009],
    ["a message of one byte too many", text("x".repeat(MAX_MESSAGE_BYTES + 1)), 1009],
    ["the largest message, of rubbish", text("x".repeat(MAX_MESSAGE_BYTES)), 1008],
    ["bytes", { opcode: OPCODE.binary, payload: asked("") }, 1003],
    ["what says that it is compressed", { ...text(asked("")), reserved: 4 }, 1002],
    ["another extension's frame", { ...text(asked("")), reserved: 1 }, 1002],
    ["a frame of no kind", { opcode: OPCODE.reserved, payload: "" }, 1002],
    ["a frame that is not masked", { ...text(asked("")), isMasked: false }, 1002],
    ["a rest of nothing", { opcode: OPCODE.continuation, payload: asked("") }, 1002],
    ["a ping that is too long", { opcode: OPCODE.ping, payload: "x".repeat(126) }, 1002],
    ["text that is none", { opcode: OPCODE.text, payload: Buffer.of(0xc0, 0xaf) }, 1007],
    ["nothing", text(""), 1008],
    ["arrays in arrays", text("[".repeat(MAX_MESSAGE_BYTES / 2) + "]".repeat(MAX_MESSAGE_BYTES / 2)), 1008],
    ["objects in objects", text(`${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`), 1008],
    ["them in a known field", text(asked(`,"change":${"[".repeat(20_000)}${"]".repeat(20_000)}`)), 1008],
    ["an unknown field", text(asked(`,"more":1`)), 1008],
    ["a prototype", text(asked(`,"__proto__":{"isAdmin":true}`)), 1008],
    ["a constructor", text(asked(`,"constructor":{"prototype":{"isAdmin":true}}`)), 1008],
    ["an unknown kind", text(`{"type":"eval","id":1}`), 1008],
    ["a kind of the prototype", text(`{"type":"__proto__","id":1}`), 1008],
    [
      "a command with an unknown field",
      text(`{"type":"command","id":1,"command":{"type":"status","x":1}}`),
      1008,
    ],
    [
      "a command with a prototype",
      text(`{"type":"command","id":1,"command":{"type":"status","__proto__":{}}}`),
      1008,
    ],
    ["an unknown command", text(`{"type":"command","id":1,"command":{"type":"shutdown"}}`), 1008],
    ["a game that is a path", text(`{"type":"play","id":1,"gameId":"../../bin"}`), 1008],
    ["a game with a nought", text(`{"type":"play","id":1,"gameId":"a\\u0000b"}`), 1008],
    ["a game of the prototype", text(`{"type":"who-has","id":1,"gameId":"__proto__/x"}`), 1008],
    [
      "settings with an unknown field",
      text(`{"type":"change-settings","id":1,"change":{"session":"x"}}`),
      1008,
    ],
    [
      "settings with a prototype",
      text(`{"type":"change-settings","id":1,"change":{"__proto__":{"lanes":1}}}`),
      1008,
    ],
    ["settings beyond their bounds", text(`{"type":"change-settings","id":1,"change":{"lanes":1e9}}`), 1008],
    ["a number that is none", text(asked("", "-1")), 1008],
    ["half a number", text(asked("", "0.5")), 1008],
    ["an endless number", text(asked("", "1e999")), 1008],
    ["a text for a number", text(asked("", `"1"`)), 1008],
    ["many messages in one", text(`[${asked("")}]`), 1008],
    ["two messages in one", text(asked("") + asked("")), 1008],
    ["a byte order mark", text(`\uFEFF${asked("")}`), 1008],
  ])("is closed for %s, and others are served", async (_, frame, code) => {
    // What is read to its end is answered; what breaks off may be cut off.
    await expectEnd([frame], code === 1003 || code === 1008 ? [code] : [code, CUT_OFF]);
    expect(({} as Record<string, unknown>)["isAdmin"]).toBeUndefined();
  });

  it("is closed for a message that never ends, however small its parts are", async () => {
    function* endless(payload: string): Generator<Frame> {
      yield { opcode: OPCODE.text, payload, isLast: false };
      for (let sent = 0; sent < 50_000; sent += 1)
        yield { opcode: OPCODE.continuation, payload, isLast: false };
    }
    await expectEnd(endless("x".repeat(1_000)), [1009, CUT_OFF]);
    await expectEnd(endless("x"), [1008, 1009, CUT_OFF]);
    await expectEnd(endless(""), [1008, 1009, CUT_OFF]);
  });

  it("is told of once, and nothing that it sends later is done", async () => {
    const before = rig.log.length;
    const socket = await openFrozen(door);
    const change = (name: string): string =>
      `{"type":"change-settings","id":1,"change":{"playerName":"${name}"}}`;
    const sent = [
      text(change("Before")),
      text("broken"),
      text(change("Behind")),
      ...Array(1_000).fill(text("broken")),
    ];
    socket.write(Buffer.concat(sent.map(frameOf)));
    expect(await closeCodeOf(socket)).toBe(1008);
    expect(await good.ask(STATUS)).toMatchObject({ type: "answer" });
    const warnings = rig.log.slice(before).filter(({ message }) => message.includes("broke the rules"));
    expect(warnings).toHaveLength(1);
    // Changes are made in their order: this one comes behind whatever was accepted.
    await good.ask({ type: "change-settings", change: { language: "en" } });
    const kept = JSON.parse(await readFile(rig.dir.join("state", "desktop.json"), "utf8")) as object;
    expect(kept).toMatchObject({ language: "en" });
    expect(JSON.stringify(kept)).not.toContain("Behind");
  });

  it("is served where it only asks much: the largest messages, and many of them", async () => {
    const page = await TestPage.open(door);
    const padded = (id: number): string => asked("", String(id)).padEnd(MAX_MESSAGE_BYTES, " ");
    const many = 1_000;
    for (let id = 1; id <= many; id += 1) page.socket.send(padded(id));
    await eventually(() => page.messages.filter(({ type }) => type === "answer").length === many, {
      what: "all answers",
      deadlineMs: DEADLINE_MS,
    });
    const ids = page.messages.flatMap((message) => (message.type === "answer" ? [message.id] : []));
    expect(new Set(ids).size).toBe(many);
    page.socket.terminate();
  });
});
