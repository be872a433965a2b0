import { encodeFrame, RESET } from "@lanspread/proto";
import { eventually } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { createStreamChannel, readFully } from "../../src/transfer/index.ts";
import { connect } from "./party.ts";
import { content, createServeRig, GGOO } from "./rig.ts";

const BYTES = 20_000_000;
/** Who takes nothing for so long stalls, ms; who only waits for a processor on a machine under load waits for less. */
const STALLED_MS = 6_000;
const FILE = content(BYTES, "a");
const FILES = { "version.ini": "2018.04.12", "a.eti": FILE };

it("answers over real connections: bytes, errors, resets, and the connection lives", async () => {
  await using rig = await createServeRig(FILES);
  await using party = await connect(rig);
  const channel = createStreamChannel((options) => party.connection.openStream(options));

  expect(await channel.request({ type: "get_game", game_id: GGOO })).toEqual({
    type: "game",
    manifest: rig.manifest(),
  });
  const data = await channel.requestData(rig.chunk("a.eti", 1, BYTES - 1));
  const bytes = Buffer.alloc(BYTES);
  expect(await readFully(data, bytes)).toBe(BYTES - 1);
  expect(bytes.subarray(0, BYTES - 1).equals(FILE.subarray(1))).toBe(true);

  const stream = await party.connection.openStream();
  await stream.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
  await expect(stream.read(Buffer.alloc(1))).rejects.toMatchObject({ code: RESET.tooLarge });
  stream.reset(RESET.cancelled);

  const nonsense = await party.connection.openStream();
  await nonsense.write(encodeFrame({ type: "nonsense" }));
  nonsense.finish();
  const answer = Buffer.alloc(10_000);
  expect(answer.subarray(4, await readFully(nonsense, answer)).toString()).toContain('"bad_request"');

  expect((await channel.request({ type: "list_games" })).type).toBe("games");
  await eventually(() => Object.keys(rig.outbound.counts()).length === 0);
  await eventually(() => party.connection.stats().openStreams === 0);
});

it("lets go of what is being sent when the game is withdrawn, and when the connection ends", async () => {
  await using rig = await createServeRig(FILES);
  await using party = await connect(rig);
  const channel = createStreamChannel((options) => party.connection.openStream(options));
  const begin = async () => {
    const data = await channel.requestData(rig.chunk("a.eti", 0, BYTES));
    expect(await data.read(Buffer.alloc(1000))).toBeGreaterThan(0);
    return data;
  };
  const revoked = await begin();
  await rig.outbound.cancel(GGOO);
  expect(rig.outbound.counts()).toEqual({});
  await expect(readFully(revoked, Buffer.alloc(BYTES))).rejects.toMatchObject({ code: RESET.revoked });

  await begin();
  expect(rig.outbound.counts()).toEqual({ [GGOO]: 1 });
  party.connection.close();
  await party.over;
  await eventually(() => Object.keys(rig.outbound.counts()).length === 0);
  expect(rig.log.filter((entry) => entry.level === "warn")).toEqual([]);
});

describe("a transfer over a real connection", () => {
  it("is not held for ever by a receiver that stalls", async () => {
    await using rig = await createServeRig(FILES, { transfers: { noProgressMs: STALLED_MS } });
    await using party = await connect(rig);
    const channel = createStreamChannel((options) => party.connection.openStream(options));
    const stalled = await channel.requestData(rig.chunk("a.eti", 0, BYTES));
    expect(await stalled.read(Buffer.alloc(1000))).toBeGreaterThan(0);
    expect(rig.outbound.counts()).toEqual({ [GGOO]: 1 });
    await eventually(() => Object.keys(rig.outbound.counts()).length === 0);
    // What has come before is read first; then it is told.
    await expect(readFully(stalled, Buffer.alloc(BYTES))).rejects.toMatchObject({ code: RESET.stalled });
    // The connection lives, and whoever reads is served: at the latest when nobody waits for a processor.
    await eventually(async () => {
      const other = await channel.requestData(rig.chunk("a.eti", 0, 1_000_000));
      return (await readFully(other, Buffer.alloc(1_000_000))) === 1_000_000;
    });
    await eventually(() => Object.keys(rig.outbound.counts()).length === 0);
  });
});
