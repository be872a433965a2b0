import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { eventually, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { MAX_UNREAD_BYTES } from "../../src/control/constants.ts";
import { createSocketLines } from "../../src/control/socket-lines.ts";

/** Two ends of a real socket; the client reads nothing until it is resumed. */
async function connected() {
  const dir = await temporaryDirectory();
  const server = createServer();
  server.listen(join(dir.path, "s"));
  await once(server, "listening");
  const client = connect(join(dir.path, "s"));
  const [socket] = (await once(server, "connection")) as [Socket];
  socket.on("error", () => {});
  return {
    client,
    socket,
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      socket.destroy();
      server.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}

describe("lines to a control client", () => {
  it("wait for its reading by the ten thousand, with no more listeners than one", async () => {
    await using pair = await connected();
    const lines = createSocketLines(pair.socket);
    const before = pair.socket.listenerCount("drain");
    const waiting = Array.from({ length: 10_000 }, (_, index) =>
      lines.writeLine(`${index} ${"x".repeat(100)}`),
    );
    expect(waiting.at(-1)).toBeInstanceOf(Promise);
    expect(pair.socket.listenerCount("drain")).toBe(before);
    let last = "";
    pair.client.on("data", (chunk: Buffer) => {
      last = (last + chunk.toString()).slice(-200);
    });
    await Promise.all(waiting);
    await eventually(() => last.includes("\n9999 "));
  });

  it("are waited for no longer when it leaves", async () => {
    await using pair = await connected();
    const lines = createSocketLines(pair.socket);
    const waiting = lines.writeLine("x".repeat(10 * 1024 * 1024));
    expect(waiting).toBeInstanceOf(Promise);
    pair.client.destroy();
    await waiting;
    await eventually(() => pair.socket.destroyed);
    expect(lines.writeLine("more")).toBeUndefined();
  });

  it("cut it off when too much is not read", async () => {
    await using pair = await connected();
    const lines = createSocketLines(pair.socket);
    const line = "x".repeat(MAX_UNREAD_BYTES / 2);
    for (let index = 0; index < 2; index++) void lines.writeLine(line);
    expect(pair.socket.destroyed).toBe(false);
    for (let index = 0; index < 2; index++) void lines.writeLine(line);
    expect(pair.socket.destroyed).toBe(true);
  });
});
