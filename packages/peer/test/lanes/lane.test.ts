import { RESET, type Request } from "@lanspread/proto";
import { temporaryDirectory } from "@lanspread/testkit";
import { expect, it } from "vitest";
import { peerIdFromCertificate } from "../../src/identity/index.ts";
import { type Lane, openLane } from "../../src/lanes/lane.ts";
import type { FromLane } from "../../src/lanes/messages.ts";
import { readFully } from "../../src/transfer/index.ts";
import { createSourceGame, GGOO, VERSION } from "../download/support.ts";
import { startRawPeer } from "../peers/raw-peer.ts";
import { MIB, openFilesBelow, poolOptions } from "./support.ts";

it("says that a game is revoked when nothing of it is open any more", async () => {
  await using dir = await temporaryDirectory();
  const game = { "version.ini": VERSION, "game.eti": Buffer.alloc(20 * MIB) };
  const { manifest } = await createSourceGame(dir.join(GGOO), game);
  const known = { inCatalog: true, catalogVersion: undefined, operationActive: false, version: VERSION };
  const view = { ...known, manifest, gamesDir: dir.path };
  const openWhenRevoked = Promise.withResolvers<readonly string[]>();
  const tell = (message: FromLane): void => {
    if (message.type === "identify") {
      const peerId = peerIdFromCertificate(message.certificate);
      lane.hear({ type: "identity", question: message.question, peerId });
    } else if (message.type === "ask-view") {
      lane.hear({ type: "view", question: message.question, gameId: message.gameId, view });
    } else if (message.type === "ready") port = message.port;
    else if (message.type === "revoked") openWhenRevoked.resolve(openFilesBelow(dir.path));
  };
  let port = 0;
  const { host, tls } = await poolOptions();
  const lane: Lane = await openLane({ host, port, tls, received: [] }, tell);
  try {
    await using asker = await startRawPeer();
    const { channel } = await asker.dial(port);
    const { manifest_hash } = manifest;
    const range = { path: "game.eti", offset: 0, length: 20 * MIB };
    const request = { type: "get_game_file_chunk", game_id: GGOO, manifest_hash, ...range } satisfies Request;
    const data = await channel.requestData(request);
    expect(openFilesBelow(dir.path)).toHaveLength(1);
    lane.hear({ type: "revoke", gameId: GGOO, id: 1 });
    expect(await openWhenRevoked.promise).toEqual([]);
    await expect(readFully(data, Buffer.alloc(range.length))).rejects.toMatchObject({ code: RESET.revoked });
  } finally {
    await lane.close();
  }
});
