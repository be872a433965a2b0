import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { asGameId, encodeFrame, type Manifest } from "@lanspread/proto";
import type { Connection } from "@lanspread/quic";
import { eventually, type Rar5Entry, temporaryDirectory, writeRar5 } from "@lanspread/testkit";
import { loadPartyCa } from "../../../src/identity/index.ts";
import type { RequestChannel, RequestStream } from "../../../src/transfer/index.ts";
import { startRawPeer } from "../../peers/raw-peer.ts";
import { makeIdentity } from "../../peers/support.ts";

const PARTY = "stream-install-test";
const GAME = asGameId("ggoo");

/** What a sender says of itself. */
export interface SenderReport {
  /** The most that it ever took. */
  readonly maxRssBytes: number;
  readonly outbound: Readonly<Record<string, number>>;
  readonly threads: number;
}

/** A real peer in a process of its own that has one game of one archive, and somebody who is connected to it. */
export interface SendingPeer extends AsyncDisposable {
  readonly manifest: Manifest;
  readonly connection: Connection;
  readonly channel: RequestChannel;
  report(): Promise<SenderReport>;
  /** Opens a stream and asks for a streamed install on it. */
  ask(): Promise<RequestStream>;
}

export async function startSendingPeer(entries: readonly Rar5Entry[]): Promise<SendingPeer> {
  await using opened = new AsyncDisposableStack();
  const place = opened.use(await temporaryDirectory());
  const root = place.join("games", GAME);
  await mkdir(root, { recursive: true });
  await writeRar5(join(root, "game.eti"), entries);
  await writeFile(join(root, "version.ini"), "2018.04.12\n");
  const script = fileURLToPath(new URL("sending-child.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    ["--conditions=source", script, place.join("games"), place.join("state"), PARTY],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const exited = new Promise((resolve) => child.once("exit", resolve));
  opened.defer(async () => {
    child.stdin.end();
    await exited;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<unknown> => {
    const line = await lines.next();
    if (line.done === true) throw new Error("the sender has ended");
    return JSON.parse(line.value);
  };
  const { addr } = (await nextLine()) as { addr: string };
  const raw = opened.use(await startRawPeer({ identity: await makeIdentity(await loadPartyCa()) }));
  const { connection, channel } = await raw.dial(portOf(addr));
  const hello = await channel.request(raw.hello({ party: PARTY }));
  if (hello.type !== "hello_ack") throw new Error(`a hello was answered with ${hello.type}`);
  const manifest = await eventually(async () => {
    const answer = await channel.request({ type: "get_game", game_id: GAME });
    return answer.type === "game" ? answer.manifest : undefined;
  });
  const all = opened.move();
  return {
    manifest,
    connection,
    channel,
    report: async () => {
      child.stdin.write("\n");
      return (await nextLine()) as SenderReport;
    },
    ask: async () => {
      const stream = await connection.openStream();
      const manifestHash = manifest.manifest_hash;
      const written = stream.write(
        encodeFrame({ type: "stream_install", game_id: GAME, manifest_hash: manifestHash }),
      );
      stream.finish();
      await written;
      return stream;
    },
    [Symbol.asyncDispose]: () => all[Symbol.asyncDispose](),
  };
}

function portOf(addr: string): number {
  return Number(addr.slice(addr.lastIndexOf(":") + 1));
}
