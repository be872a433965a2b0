import { fileURLToPath } from "node:url";
import { type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest";
import { createLoopbackHosts } from "../../src/hosts/loopback-hosts.ts";
import { StagePeer } from "../../src/stage/stage-peer.ts";

const UNRULY = fileURLToPath(new URL("../programs/unruly.mjs", import.meta.url));

let temporary: TemporaryDirectory;

beforeEach(async () => {
  temporary = await temporaryDirectory("lsr-");
});

afterEach(() => temporary[Symbol.asyncDispose]());

function unruly(mode: string): Promise<StagePeer> {
  const peer = new StagePeer({
    name: mode,
    host: createLoopbackHosts().addHost(mode),
    ...{ games: temporary.join("games"), state: temporary.join("state"), temporary: temporary.path },
    ...{ party: "unruly", program: [process.execPath, UNRULY, mode], env: {}, args: [] },
    logFile: temporary.join("log"),
    signal: new AbortController().signal,
  });
  onTestFinished(() => peer.close());
  return peer.start();
}

it("is killed where it runs, and a kill that comes too late says so", async () => {
  await (await unruly("quiet")).kill();
  const dead = await unruly("dies");
  await dead.harness.exited;
  await expect(dead.kill()).rejects.toThrow("dies was not killed, but ended: code 7");
});
