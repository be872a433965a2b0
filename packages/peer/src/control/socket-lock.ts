import { randomBytes } from "node:crypto";
import { chmod, link, lstat, rename, rm } from "node:fs/promises";
import { connect, type Server, type Socket } from "node:net";
import { errnoOf, fromNodeError, PeerError } from "../errors/index.ts";
import { PRIVATE_FILE_MODE } from "../storage/index.ts";
import { GREETING_DEADLINE_MS, TAKEOVER_ATTEMPTS } from "./constants.ts";
import { parseGreeting } from "./greeting.ts";

/** What `bind` allows of the path of a socket, bytes: 104 on macOS, 108 on Linux, each with an end. */
const MAX_SOCKET_PATH_BYTES = process.platform === "darwin" ? 103 : 107;

/** No rights for anybody but the owner. */
const PRIVATE_UMASK = 0o177;

/**
 * Makes a server listen at `path`, which is a lock at the same time: only one process can. The socket of a process that
 * has died without removing it is noticed (nobody accepts) and replaced.
 *
 * @throws PeerError `state-locked`, naming who has it; `path-too-long`, `no-permission`
 */
export async function listenExclusively(server: Server, path: string): Promise<void> {
  if (process.platform !== "win32" && Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    throw new PeerError(
      "path-too-long",
      `The control socket ${path} would have more than ${MAX_SOCKET_PATH_BYTES} bytes in its path.`,
      { hint: "Use a state directory with a shorter path." },
    );
  }
  for (let attempt = 0; attempt < TAKEOVER_ATTEMPTS; attempt++) {
    try {
      await listen(server, path);
      if (process.platform !== "win32") await chmod(path, PRIVATE_FILE_MODE);
      return;
    } catch (error) {
      if (errnoOf(error) !== "EADDRINUSE") throw fromNodeError(error, path);
    }
    await refuseIfAlive(path);
    await setAsideIfDead(path);
  }
  throw new PeerError("state-locked", `Others are starting at ${path} at the same time.`);
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const before = process.platform === "win32" ? undefined : process.umask(PRIVATE_UMASK);
    try {
      // The socket is made before this returns, under the strict umask.
      server.listen(path, () => {
        server.off("error", reject);
        resolve();
      });
    } finally {
      if (before !== undefined) process.umask(before);
    }
  });
}

/** @throws PeerError `state-locked` where somebody accepts connections at `path` */
async function refuseIfAlive(path: string): Promise<void> {
  const socket = await tryConnect(path);
  if (socket === null) return;
  try {
    const holder = await greetingOf(socket);
    const who = holder === null ? "Another peer" : `${holder.name} (process ${holder.pid})`;
    throw new PeerError("state-locked", `${who} uses this state directory already: ${path} answers.`);
  } finally {
    socket.destroy();
  }
}

/**
 * Moves a socket away whose owner is dead. Two that do this at once may move the fresh one of the other: what was moved is
 * asked again, and put back where it lives.
 */
async function setAsideIfDead(path: string): Promise<void> {
  if (process.platform === "win32") return;
  await refuseIfForeign(path);
  const aside = `${path}.${randomBytes(4).toString("hex")}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return;
    throw fromNodeError(error, path);
  }
  const socket = await tryConnect(aside);
  if (socket !== null) {
    socket.destroy();
    await link(aside, path).catch(() => {});
  }
  await rm(aside, { force: true });
}

/** @throws PeerError `already-exists` where something lies at `path` that is no socket, and so was not made by a peer */
async function refuseIfForeign(path: string): Promise<void> {
  let isSocket: boolean;
  try {
    isSocket = (await lstat(path)).isSocket();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return;
    throw fromNodeError(error, path);
  }
  if (isSocket) return;
  throw new PeerError("already-exists", `${path} is no socket, and nobody knows whose it is.`, {
    hint: "Move it away, or use another state directory.",
  });
}

/** A connection to whoever listens at `path`; null where nobody does. */
export function tryConnect(path: string): Promise<Socket | null> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.removeAllListeners("error");
      // What goes wrong from here on ends in `close`, which whoever reads it hears.
      socket.on("error", () => {});
      resolve(socket);
    });
    socket.once("error", (error) => {
      const code = errnoOf(error);
      // No socket, one whose owner is dead, or no socket at all but a file.
      if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ENOTSOCK") resolve(null);
      else reject(fromNodeError(error, path));
    });
  });
}

/** Who is at the other end; null where it does not say so in time. */
function greetingOf(socket: Socket): Promise<ReturnType<typeof parseGreeting>> {
  return new Promise((resolve) => {
    let text = "";
    const timer = setTimeout(() => resolve(null), GREETING_DEADLINE_MS);
    const done = (): void => {
      clearTimeout(timer);
      resolve(parseGreeting(text.split("\n", 1)[0] ?? ""));
    };
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (text.includes("\n")) done();
    });
    socket.once("close", done);
  });
}
