import { randomBytes } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { link, lstat, readdir, realpath, rename, rm } from "node:fs/promises";
import { connect, type Server, type Socket } from "node:net";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { errnoOf, fromNodeError, PeerError } from "../errors/index.ts";
import { type AbstractLock, takeAbstractLock } from "./abstract-lock.ts";
import {
  CONFIRM_AFTER_MS,
  GREETING_DEADLINE_MS,
  GUARD_ATTEMPTS,
  GUARD_RETRY_MS,
  TAKEOVER_ATTEMPTS,
} from "./constants.ts";
import { parseGreeting } from "./greeting.ts";

/** What `bind` allows of the path of a socket, bytes: 104 on macOS, 108 on Linux, each with an end. */
const MAX_SOCKET_PATH_BYTES = process.platform === "darwin" ? 103 : 107;

/** No rights for anybody but the owner. */
const PRIVATE_UMASK = 0o177;

const NONCE_BYTES = 4;
const NONCE = /^\.[0-9a-f]{8}$/;

/** The right to a path, and the socket that listens there. */
export interface SocketLock {
  /** Gives the path free. The server is the caller's to close. */
  release(): Promise<void>;
}

/**
 * Makes a server listen at `path`, which is a lock at the same time: only one process can. The socket of a process that
 * has died without removing it is noticed (nobody accepts) and replaced.
 *
 * The server is bound to a name of its own first and then linked to `path`, which succeeds for one only, and whose
 * success can be told by the socket's inode. Where the system has locks that nobody can leave behind, one of these is taken first: of
 * several that find a dead socket at the same time one replaces it, and the others wait for that.
 *
 * @throws PeerError `state-locked`, naming who has it; `path-too-long`, `no-permission`; `already-exists` where something
 *   lies at `path` that is no socket. The server is not closed then.
 */
export async function listenExclusively(server: Server, path: string): Promise<SocketLock> {
  if (process.platform === "win32") return listenAtPipe(server, path);
  const own = `${path}.${randomBytes(NONCE_BYTES).toString("hex")}`;
  if (Buffer.byteLength(own) > MAX_SOCKET_PATH_BYTES) {
    throw new PeerError(
      "path-too-long",
      `The control socket ${own} would have more than ${MAX_SOCKET_PATH_BYTES} bytes in its path.`,
      { hint: "Use a state directory with a shorter path." },
    );
  }
  let guard: AbstractLock | null = null;
  try {
    await listen(server, own);
    const inode = await inodeOf(own);
    if (inode === null) throw new PeerError("internal", `the control socket ${own} is gone`);
    guard = await takeGuard(path);
    await take(own, path, inode);
    await rm(own, { force: true });
    await sweep(path);
    const held = guard;
    return {
      release: async () => {
        await removeIfOwn(path, inode);
        held?.release();
      },
    };
  } catch (error) {
    guard?.release();
    throw fromNodeError(error, path);
  } finally {
    await rm(own, { force: true });
  }
}

async function listenAtPipe(server: Server, path: string): Promise<SocketLock> {
  try {
    await listen(server, path);
    return { release: async () => {} };
  } catch (error) {
    if (errnoOf(error) === "EADDRINUSE") await refuseIfAlive(path);
    throw fromNodeError(error, path);
  }
}

/**
 * The lock that is free when its holder dies; null where there is none, or nobody else lets go of it: then the socket at the path
 * decides alone.
 *
 * @throws PeerError `state-locked` where its holder answers at `path`
 */
async function takeGuard(path: string): Promise<AbstractLock | null> {
  const name = await realpath(dirname(path)).then((directory) => join(directory, basename(path)));
  for (let attempt = 0; attempt < GUARD_ATTEMPTS; attempt++) {
    const guard = await takeAbstractLock(name);
    if (guard !== null) return guard ?? null;
    // Its holder is about to listen, or about to be gone.
    await refuseIfAlive(path);
    await delay(GUARD_RETRY_MS);
  }
  return null;
}

/** Links the socket `own` to `path`, where nobody lives. */
async function take(own: string, path: string, inode: bigint): Promise<void> {
  let sawDead = false;
  for (let attempt = 0; attempt < TAKEOVER_ATTEMPTS; attempt++) {
    if (await linked(own, path)) {
      if (!sawDead) return;
      // Others that saw the same dead socket may have moved this one away before they saw that it is another.
      await delay(CONFIRM_AFTER_MS);
      if ((await inodeOf(path)) === inode) return;
      continue;
    }
    const there = await inodeOf(path);
    if (there === null) continue;
    await refuseIfAlive(path);
    sawDead = true;
    await setAside(path, there);
  }
  throw new PeerError("state-locked", `Others are starting at ${path} at the same time.`);
}

/** @returns false where something is at `path` already */
async function linked(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Removes the dead socket at `path`; what is another one by now is left, or put back. */
async function setAside(path: string, dead: bigint): Promise<void> {
  if ((await inodeOf(path)) !== dead) return;
  const aside = `${path}.${randomBytes(NONCE_BYTES).toString("hex")}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return;
    throw error;
  }
  if ((await inodeOf(aside)) !== dead) await linked(aside, path);
  await rm(aside, { force: true });
}

/** Removes what processes left that died while they started. */
async function sweep(path: string): Promise<void> {
  const directory = dirname(path);
  for (const name of await readdir(directory)) {
    if (!name.startsWith(basename(path)) || !NONCE.test(name.slice(basename(path).length))) continue;
    const left = join(directory, name);
    try {
      const socket = await tryConnect(left);
      socket?.destroy();
      if (socket === null && (await inodeOf(left)) !== null) await rm(left, { force: true });
    } catch {
      // No socket, or not ours to touch.
    }
  }
}

async function removeIfOwn(path: string, inode: bigint): Promise<void> {
  try {
    if ((await inodeOf(path)) === inode) await rm(path, { force: true });
  } catch {
    // It is gone, or it is something else: not ours in either case.
  }
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
 * The identity of the socket at `path`; null where nothing is there.
 *
 * @throws PeerError `already-exists` where something lies there that is no socket, and so was not made by a peer
 */
async function inodeOf(path: string): Promise<bigint | null> {
  let found: BigIntStats;
  try {
    found = await lstat(path, { bigint: true });
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
  if (found.isSocket()) return found.ino;
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
