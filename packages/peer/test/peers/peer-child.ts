/**
 * A peer in a process of its own, found by mDNS on 127.0.0.1. Its one argument is a {@link ChildOptions} as JSON. It writes
 * what it knows as a line of JSON whenever that changes; each line on its input is a library to publish.
 */
import { createInterface } from "node:readline";
import { mdnsDiscovery } from "../../src/peers/index.ts";
import type { ChildOptions, ChildView } from "./peer-process.ts";
import { startTestPeer } from "./support.ts";

const options: ChildOptions = JSON.parse(process.argv[2] ?? "");
const peer = await startTestPeer({ ...options, interfaces: ["127.0.0.1"], discovery: mdnsDiscovery() });
const tell = (): void => {
  const view: ChildView = {
    addr: peer.addr,
    peers: peer.mesh.peers(),
    games: peer.mesh.games().map(({ id }) => id),
  };
  process.stdout.write(`${JSON.stringify(view)}\n`);
};
peer.mesh.onEvent(tell);
tell();
for await (const line of createInterface(process.stdin)) peer.publish(JSON.parse(line));
await peer[Symbol.asyncDispose]();
