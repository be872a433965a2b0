import { once } from "node:events";
import { connect } from "node:net";
import { MAX_COMMAND_LINE_BYTES } from "@lanspread/proto";
import { eventually, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { MAX_CLIENTS } from "../../src/control/constants.ts";
import { openControl } from "../../src/control/server.ts";
import { silentLogger } from "../../src/logger.ts";
import { openStateDir } from "../../src/storage/index.ts";
import { Party } from "../runtime/party.ts";

/** A client that says what it likes, and keeps every line that it hears. */
function rawClient(path: string) {
  const socket = connect(path);
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  socket.on("error", () => {});
  const closed = once(socket, "close");
  const met = new Promise<void>((resolve) => {
    socket.once("data", () => resolve()).once("close", () => resolve());
  });
  const lines = (): Record<string, unknown>[] =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  return {
    socket,
    closed,
    lines,
    said: (type: string) => lines().filter((line) => line["type"] === type),
    /** Resolves when it has heard something, or was let go. */
    met,
    [Symbol.asyncDispose]: async () => {
      socket.destroy();
      await closed;
    },
  };
}

async function openServer() {
  const place = await temporaryDirectory("lanspread-control-");
  const stateDir = await openStateDir(place.path);
  const server = await openControl({ stateDir, name: "alpha", logger: silentLogger });
  return {
    server,
    path: stateDir.controlSocket,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    },
  };
}

describe("the control socket", () => {
  it(`has room for ${MAX_CLIENTS} clients; one more is let go unheard, until another leaves`, async () => {
    await using rig = await openServer();
    const clients = Array.from({ length: MAX_CLIENTS }, () => rawClient(rig.path));
    await Promise.all(clients.map(({ met }) => met));
    expect(clients.map(({ lines }) => lines().length)).toEqual(clients.map(() => 1));
    await using more = rawClient(rig.path);
    await more.met;
    expect(more.lines()).toEqual([]);

    await clients[0]?.[Symbol.asyncDispose]();
    await eventually(async () => {
      await using late = rawClient(rig.path);
      await late.met;
      return late.lines().length === 1;
    });
    for (const client of clients) await client[Symbol.asyncDispose]();
  });

  it("greets while the peer still starts, and answers what came meanwhile", async () => {
    await using party = await Party.make();
    await using rig = await openServer();
    await using client = rawClient(rig.path);
    await client.met;
    expect(client.lines()).toEqual([
      {
        type: "event",
        event: "control-ready",
        time: expect.any(Number),
        data: { pid: process.pid, name: "alpha" },
      },
    ]);
    client.socket.write('{"id":1,"cmd":"list-peers"}\n');
    const { peer } = await party.start("alpha", { discovery: null });
    rig.server.serve(peer);
    await using late = rawClient(rig.path);
    late.socket.write('{"id":2,"cmd":"list-peers"}\n');
    for (const [{ said }, id] of [[client, 1] as const, [late, 2] as const]) {
      await eventually(() => said("result").length === 1);
      expect(said("result")).toEqual([{ type: "result", id, cmd: "list-peers", data: { peers: [] } }]);
      expect(said("event")[1]).toMatchObject({ event: "local-peer-ready" });
    }
  });

  it("refuses a line that is too long, and takes the next one", async () => {
    await using party = await Party.make();
    const { peer, stateDir } = await party.start("alpha", { discovery: null });
    await using client = rawClient((await openStateDir(stateDir)).controlSocket);
    const command = JSON.stringify({ id: 1, cmd: "connect", addr: "x".repeat(MAX_COMMAND_LINE_BYTES) });
    client.socket.write(`${command}\n{"id":2,"cmd":"list-peers"}\n`);
    await eventually(() => client.said("result").length === 1);
    expect(client.said("error")).toMatchObject([{ id: null, cmd: null, code: "bad-request" }]);
    expect(client.said("result")).toMatchObject([{ id: 2 }]);
    expect((await peer.send({ type: "get-peer-count" })).count).toBe(0);
  });

  it("ends for everybody when one shuts the peer down, who is answered before", async () => {
    await using party = await Party.make();
    const { peer, stateDir } = await party.start("alpha", { discovery: null });
    const { controlSocket } = await openStateDir(stateDir);
    await using client = rawClient(controlSocket);
    await using other = rawClient(controlSocket);
    await Promise.all([client.met, other.met]);
    client.socket.write('{"id":"bye","cmd":"shutdown"}\n');
    await Promise.all([client.closed, other.closed]);
    expect(client.said("result")).toEqual([{ type: "result", id: "bye", cmd: "shutdown", data: {} }]);
    expect(other.said("result")).toEqual([]);
    expect(await peer.stopped).toEqual({ failed: null });
  });
});
