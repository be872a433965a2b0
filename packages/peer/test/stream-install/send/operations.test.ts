import { join } from "node:path";
import { asGameId, encodeFrame, formatListenAddress, RESET } from "@lanspread/proto";
import { eventually, seededBytes, writeRar5 } from "@lanspread/testkit";
import { expect, it } from "vitest";
import { loadPartyCa } from "../../../src/identity/index.ts";
import type { RequestStream } from "../../../src/transfer/index.ts";
import { type RawPeer, startRawPeer } from "../../peers/raw-peer.ts";
import { makeIdentity } from "../../peers/support.ts";
import { type Member, makeGame, Party } from "../../runtime/party.ts";
import { openFilesBelow, receiveFrames, unpackingThreads } from "./support.ts";

const GGOO = asGameId("ggoo");

/** A peer with one game, in this process, and somebody else to whom it streams that game. */
async function startStreaming(
  party: Party,
  raw: RawPeer,
): Promise<{ member: Member; stream: RequestStream }> {
  const { gamesDir } = await party.folders("sender");
  await makeGame(gamesDir, GGOO);
  await writeRar5(join(gamesDir, GGOO, "large.eti"), [
    { name: "large.bin", content: seededBytes(3, 24_000_000) },
  ]);
  const member = await party.start("sender", { lanes: 0 });
  const addr = member.peer.snapshot().status.addr;
  const { connection, channel } = await raw.dial(Number(addr.slice(addr.lastIndexOf(":") + 1)));
  const listen_addr = formatListenAddress(raw.endpoint.address);
  await channel.request(raw.hello({ party: party.name, listen_addr }));
  const manifest = await eventually(async () => {
    const answer = await channel.request({ type: "get_game", game_id: GGOO });
    return answer.type === "game" ? answer.manifest : undefined;
  });
  const stream = await connection.openStream();
  const { manifest_hash } = manifest;
  await stream.write(encodeFrame({ type: "stream_install", game_id: GGOO, manifest_hash }));
  stream.finish();
  const receiver = receiveFrames(stream);
  expect(await receiver.next()).toMatchObject({ type: "archive_begin", name: "ggoo.eti" });
  expect(member.peer.snapshot().status.outboundTransfers).toEqual({ [GGOO]: 1 });
  return { member, stream };
}

/** Reads until nothing more comes, and says why. */
async function endOf(stream: RequestStream): Promise<unknown> {
  const buffer = Buffer.alloc(64 * 1024);
  try {
    while ((await stream.read(buffer)) > 0);
    return "the end";
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
}

it("a stream ends before an operation on its game begins to work", async () => {
  await using party = await Party.make();
  await using raw = await startRawPeer({ identity: await makeIdentity(await loadPartyCa()) });
  const { member, stream } = await startStreaming(party, raw);
  await member.peer.send({ type: "install-game", gameId: GGOO });
  expect(await endOf(stream)).toBe(RESET.revoked);
  await member.event("install-finished");
  expect(member.peer.snapshot().status.outboundTransfers).toEqual({});
});

it("a peer that stops ends its streams, with their threads and files", async () => {
  await using party = await Party.make();
  await using raw = await startRawPeer({ identity: await makeIdentity(await loadPartyCa()) });
  const { member, stream } = await startStreaming(party, raw);
  await member.peer.stop();
  expect(unpackingThreads()).toBe(0);
  expect(openFilesBelow(member.gamesDir)).toEqual([]);
  expect(await endOf(stream)).not.toBe("the end");
});
