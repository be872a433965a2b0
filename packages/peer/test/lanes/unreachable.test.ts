import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { createRig, createSource, type Files, hasWholeGame, VERSION } from "../download/support.ts";
import { type RawPeer, startRawPeer } from "../peers/raw-peer.ts";
import { MIB, poolOptions, startPool, UNUSABLE } from "./support.ts";

/** Where lanes are said to be, and what is there. */
interface Lie extends AsyncDisposable {
  readonly ports: readonly number[];
}

type Liar = (source: RawPeer) => Promise<Lie>;

async function silentPort(): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}

const closed = async (): Promise<number> => {
  const socket = await silentPort();
  const { port } = socket.address();
  socket.close();
  return port;
};

const LIES: readonly (readonly [string, Liar])[] = [
  ["nobody listens", async () => ({ ports: [await closed()], [Symbol.asyncDispose]: async () => {} })],
  [
    "there is another peer",
    async () => {
      const other = await startRawPeer();
      return {
        ports: [other.endpoint.address.port],
        [Symbol.asyncDispose]: () => other[Symbol.asyncDispose](),
      };
    },
  ],
  [
    "the source accepts and closes",
    async (source) => {
      source.endpoint.onConnection((connection) => connection.close());
      return { ports: [source.endpoint.address.port], [Symbol.asyncDispose]: async () => {} };
    },
  ],
  [
    "the source accepts and stays silent",
    async (source) => {
      source.answerWith(() => null);
      return { ports: [source.endpoint.address.port], [Symbol.asyncDispose]: async () => {} };
    },
  ],
  [
    "something takes packets and says nothing, 32 times",
    async () => {
      const sockets = await Promise.all(Array.from({ length: 32 }, silentPort));
      return {
        ports: sockets.map((socket) => socket.address().port),
        [Symbol.asyncDispose]: async () => {
          for (const socket of sockets) socket.close();
        },
      };
    },
  ],
];

const FILES: Files = { "version.ini": VERSION, "data/world.dat": Buffer.alloc(12 * MIB, 5), "data/b": "b" };

describe("where the lanes of a source are said to be", () => {
  it.concurrent.each(LIES)(
    "%s: the download goes on over the control connection, and nobody is blamed",
    async (_, lie) => {
      await using rig = await createRig();
      await using raw = await startRawPeer();
      await using told = await lie(raw);
      const options = await poolOptions({
        count: 2,
        lanesOf: () => told.ports.map((port) => ({ host: "127.0.0.1", port })),
      });
      await using lanes = await startPool(options);
      const game = await rig.game(FILES);
      const source = createSource(raw.identity.peerId, game);
      const { struckOut } = await rig.download(game, [source], { lanes });
      expect(await hasWholeGame(rig.root, game)).toBe(true);
      expect(struckOut).toEqual([]);
      expect(rig.log.filter(({ level }) => level === "warn")).toEqual([]);
      expect(options.log.map(({ message }) => message)).toContain(UNUSABLE);
    },
  );
});
