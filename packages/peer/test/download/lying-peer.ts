import {
  type Answer,
  encodeFrame,
  formatListenAddress,
  type GameSummary,
  type Hello,
  type PeerId,
  type Request,
} from "@lanspread/proto";
import { loadPartyCa } from "../../src/identity/index.ts";
import { type RawPeer, startRawPeer } from "../peers/raw-peer.ts";
import { library, makeIdentity } from "../peers/support.ts";
import type { SourceGame } from "./support.ts";

/** What a peer says that is not so. Without any lie it is an honest source. */
export interface Lies {
  /** Changes the answer to a request; undefined leaves it as it is, null is silence. */
  readonly answer?: (request: Request, truth: Answer) => Answer | null | undefined | Promise<Answer | null>;
  /** Changes the bytes behind an answer: digests, or a part of a file. */
  readonly bytes?: (request: Request, truth: Buffer) => Buffer;
}

export interface LyingPeer extends AsyncDisposable {
  readonly peerId: PeerId;
  readonly addr: string;
  readonly raw: RawPeer;
  /** What it says of itself in a hello of its own. */
  introduction(): Omit<Hello, "type">;
  /** Requests for the game, by type, as they came. */
  readonly asked: Request["type"][];
}

/** Somebody with a certificate of the open party, over real QUIC, who announces a game and says of it what a test wants. */
export async function startLyingPeer(party: string, game: SourceGame, lies: Lies = {}): Promise<LyingPeer> {
  const raw = await startRawPeer({ identity: await makeIdentity(await loadPartyCa()) });
  const addr = formatListenAddress(raw.endpoint.address);
  const asked: Request["type"][] = [];
  const announced = library(1, summaryOf(game));
  const introduction = (): Omit<Hello, "type"> => {
    const { type: _, ...said } = raw.hello({ listen_addr: addr, party, library: announced });
    return said;
  };
  raw.answerWith(async (request) => {
    const { answer, bytes } = truth(request);
    if ("game_id" in request) asked.push(request.type);
    const said = await lies.answer?.(request, answer);
    if (said === null) return null;
    return Buffer.concat([encodeFrame(said ?? answer), lies.bytes?.(request, bytes) ?? bytes]);
  });
  const truth = (request: Request): { readonly answer: Answer; readonly bytes: Buffer } => {
    const none = Buffer.alloc(0);
    switch (request.type) {
      case "hello": {
        return { answer: { type: "hello_ack", ...introduction() }, bytes: none };
      }
      case "ping":
        return { answer: { type: "pong" }, bytes: none };
      case "list_games":
        return { answer: { type: "games", snapshot: announced }, bytes: none };
      case "get_game":
        return { answer: { type: "game", manifest: game.manifest }, bytes: none };
      case "get_piece_hashes":
        return {
          answer: { type: "piece_hashes", count: game.digests.length / 32 },
          bytes: Buffer.from(game.digests),
        };
      case "get_game_file_data":
      case "get_game_file_chunk": {
        const file = game.files.get(request.path) ?? none;
        const { offset, length } =
          request.type === "get_game_file_chunk" ? request : { offset: 0, length: file.length };
        const bytes = Buffer.from(file.subarray(offset, offset + length));
        return { answer: { type: "file_data", size: length }, bytes };
      }
      default:
        return { answer: { type: "ok" }, bytes: none };
    }
  };
  return {
    peerId: raw.identity.peerId,
    addr,
    raw,
    introduction,
    asked,
    [Symbol.asyncDispose]: () => raw[Symbol.asyncDispose](),
  };
}

function summaryOf({ manifest }: SourceGame): GameSummary {
  return {
    id: manifest.game_id,
    name: "Great Game",
    version: manifest.version,
    size: manifest.files.reduce((sum, { size }) => sum + size, 0),
    downloaded: true,
    installed: false,
    manifest_hash: manifest.manifest_hash,
    content_id: manifest.content_id,
    availability: "ready",
  };
}
