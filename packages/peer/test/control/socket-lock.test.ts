import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { fileURLToPath } from "node:url";
import { temporaryDirectory } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatGreeting } from "../../src/control/greeting.ts";
import { listenExclusively, tryConnect } from "../../src/control/socket-lock.ts";

const HOLDER = fileURLToPath(new URL("./holder.ts", import.meta.url));

let place: Awaited<ReturnType<typeof temporaryDirectory>>;
const servers: Server[] = [];

beforeEach(async () => {
  place = await temporaryDirectory("lanspread-lock-");
});

afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await place[Symbol.asyncDispose]();
});

function newServer(): Server {
  const server = createServer((socket) => socket.on("error", () => {}).end());
  servers.push(server);
  return server;
}

/** Another process that holds the lock until it is killed. */
async function otherHolder(path: string) {
  const child = spawn(process.execPath, ["--conditions=source", HOLDER, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  expect(line.toString()).toBe("holding\n");
  return child;
}

describe("the control socket as a lock", () => {
  it("is its owner's alone", async () => {
    const path = place.join("control.sock");
    await listenExclusively(newServer(), path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("is had by one process, whose name and id the next one is told", async () => {
    const path = place.join("control.sock");
    const child = await otherHolder(path);
    try {
      await expect(listenExclusively(newServer(), path)).rejects.toMatchObject({
        code: "state-locked",
        message: expect.stringContaining(`the holder (process ${child.pid})`),
      });
    } finally {
      child.kill("SIGKILL");
      await once(child, "close");
    }
  });

  it("is that of a holder who is busy, and says late who it is", async () => {
    const path = place.join("control.sock");
    const busy = createServer((socket) => {
      socket.on("error", () => {});
      setTimeout(() => socket.end(`${formatGreeting({ pid: 1, name: "the busy one" })}\n`), 1_500);
    });
    servers.push(busy);
    await listenExclusively(busy, path);
    await expect(listenExclusively(newServer(), path)).rejects.toMatchObject({
      code: "state-locked",
      message: expect.stringContaining("the busy one (process 1)"),
    });
  });

  it("is taken over from a process that was killed", async () => {
    const path = place.join("control.sock");
    const child = await otherHolder(path);
    child.kill("SIGKILL");
    await once(child, "close");
    expect(await readdir(place.path)).toEqual(["control.sock"]);
    await listenExclusively(newServer(), path);
    const socket = await tryConnect(path);
    expect(socket).not.toBeNull();
    socket?.destroy();
    expect(await readdir(place.path)).toEqual(["control.sock"]);
  });

  it("is had by exactly one of many that take over at the same time", async () => {
    const path = place.join("control.sock");
    const child = await otherHolder(path);
    child.kill("SIGKILL");
    await once(child, "close");
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, () => listenExclusively(newServer(), path)),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const result of results) {
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "state-locked" });
    }
    expect(await readdir(place.path)).toEqual(["control.sock"]);
  });

  it("is given free by its holder alone, and what dead starters left is swept", async () => {
    const path = place.join("control.sock");
    const child = await otherHolder(path);
    child.kill("SIGKILL");
    await once(child, "close");
    await rename(path, `${path}.0123abcd`);
    await writeFile(`${path}.notes`, "somebody's");
    const lock = await listenExclusively(newServer(), path);
    expect((await readdir(place.path)).sort()).toEqual(["control.sock", "control.sock.notes"]);
    await rename(path, `${path}.moved`);
    await listenExclusively(newServer(), path);
    await lock.release();
    expect((await readdir(place.path)).sort()).toEqual([
      "control.sock",
      "control.sock.moved",
      "control.sock.notes",
    ]);
  });

  it("leaves alone what is no socket", async () => {
    const path = place.join("control.sock");
    await writeFile(path, "somebody's");
    await expect(listenExclusively(newServer(), path)).rejects.toMatchObject({ code: "already-exists" });
    expect(await readFile(path, "utf8")).toBe("somebody's");
  });

  it("says that a path is too long before anything is made", async () => {
    const directory = place.join("d".repeat(100));
    await mkdir(directory);
    await expect(listenExclusively(newServer(), `${directory}/control.sock`)).rejects.toMatchObject({
      code: "path-too-long",
      hint: expect.stringContaining("shorter"),
    });
    expect(await readdir(directory)).toEqual([]);
  });
});
