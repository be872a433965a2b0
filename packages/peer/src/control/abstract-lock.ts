import { createHash } from "node:crypto";
import { createServer, type Server } from "node:net";
import { errnoOf } from "../errors/index.ts";

/**
 * A lock that a process cannot leave behind: a socket in Linux' abstract namespace (unix(7)), whose name is free again in the very
 * moment in which its holder dies. Who has it may look at what lies at a path and replace it, and nobody does the same.
 *
 * The name is one per network namespace, and anybody on the machine can take it: it decides between those that mean well.
 */
export interface AbstractLock {
  release(): void;
}

/** @returns null where somebody has it; undefined where this system has no such names */
export async function takeAbstractLock(name: string): Promise<AbstractLock | null | undefined> {
  if (process.platform !== "linux") return undefined;
  const digest = createHash("sha256").update(name).digest("hex");
  // Nobody has anything to say here.
  const server = createServer((socket) => socket.destroy());
  try {
    await listen(server, `\0lanspread-${process.getuid?.() ?? 0}-${digest}`);
  } catch (error) {
    if (errnoOf(error) === "EADDRINUSE") return null;
    return undefined;
  }
  server.unref();
  return { release: () => void server.close() };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
