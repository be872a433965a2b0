import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { PROTOCOL_VERSION } from "@lanspread/proto";
import type { Stage } from "../stage/stage.ts";
import type { StagePeer } from "../stage/stage-peer.ts";
import type { RawAnswer, RawOrder } from "./raw-order.ts";

const CLIENT = fileURLToPath(new URL("./raw-client.ts", import.meta.url));
const PARTY_CA = fileURLToPath(new URL("../../../certs/party-ca.pem", import.meta.url));

/** Of the longest order, ms: ten thousand streams take some seconds where nobody else wants the processors. */
const ORDER_DEADLINE_MS = 90_000;

/** Somebody of the party, on a host of their own, who sends a peer whatever a scenario wants. */
export interface RawPeer {
  readonly peerId: string;
  order(order: RawOrder): Promise<RawAnswer>;
  /** Sends one frame and reads the answer. */
  request(frame: object): Promise<RawAnswer>;
  /** Says hello, as an ordinary peer without games. */
  hello(): Promise<RawAnswer>;
}

/** Connects to a peer with a certificate that a peer of the same name was given; gone with the scenario. */
export async function startRawPeer(stage: Stage, name: string, victim: StagePeer): Promise<RawPeer> {
  const member = await stage.peer(name);
  const { peerId, host, state } = member;
  await member.shutdown();
  const colon = victim.addr.lastIndexOf(":");
  const [program, ...args] = host.command(
    process.execPath,
    // As this process was started: from the sources, or from what is built.
    ...[...process.execArgv, CLIENT, victim.addr.slice(0, colon), victim.addr.slice(colon + 1)],
    ...[join(state, "identity", "key.pem"), join(state, "identity", "cert.pem"), PARTY_CA],
  );
  const child = spawn(program, args, {
    env: { ...process.env, ...stage.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  stage.endWith(child);
  child.stdin.on("error", () => {});
  let complaint = "";
  child.stderr.on("data", (text: Buffer) => {
    complaint += text.toString();
  });
  const answers = new Map<number, RawAnswer>();
  let isReady = false;
  createInterface({ input: child.stdout }).on("line", (line) => {
    const answer = JSON.parse(line) as RawAnswer;
    if (answer.ready === true) isReady = true;
    else answers.set(answer.id ?? -1, answer);
  });
  const checked = <T>(value: T): T => {
    if (child.exitCode !== null) throw new Error(`${name} ended: ${complaint}`);
    return value;
  };
  await stage.until(`${name} is connected`, () => checked(isReady));
  let nextId = 1;
  const order = async (what: RawOrder): Promise<RawAnswer> => {
    const id = nextId++;
    child.stdin.write(`${JSON.stringify({ id, ...what })}\n`);
    return stage.until(`an answer to ${name}'s ${what.kind}`, () => checked(answers.get(id)), {
      deadlineMs: ORDER_DEADLINE_MS,
    });
  };
  const request = (frame: object): Promise<RawAnswer> => order({ kind: "request", frame });
  return {
    peerId,
    order,
    request,
    hello: () =>
      request({
        ...{ type: "hello", peer_id: peerId, proto_ver: PROTOCOL_VERSION, name, party: stage.party },
        ...{ listen_addr: `${host.address}:45678`, features: [], library: { library_rev: 1, games: [] } },
      }),
  };
}
