/**
 * The thread that looks at game roots: one directory listing and a few small files each, one after the other; and that lists their
 * directories where more is to be known. Looking
 * here is synchronous on purpose. A thousand roots take a thirtieth of a second of processor time this way, and ten
 * times that where every call is a promise; and a disk that has to wake up keeps nobody waiting but this thread.
 *
 * It imports nothing outside of this package's sources: it also runs where packages are not resolved to sources.
 */
import { type Dirent, lstatSync, readdirSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { errnoOf, fromNodeError } from "../errors/from-node-error.ts";
import { MAX_JSON_BYTES } from "../storage/constants.ts";
import { ARCHIVE_EXTENSION } from "./constants.ts";
import { listDirectoryNow, listNamesNow } from "./list-directory-now.ts";
import { entryPath } from "./listed-entry.ts";
import type {
  ArchiveStamp,
  LookNames,
  LookReply,
  LookRequest,
  RootRequest,
  RootSight,
} from "./look-messages.ts";
import { readSentinelFileNow } from "./sentinel-file.ts";
import { readSmallFile } from "./small-file.ts";

const port = parentPort;
if (port === null) throw new Error("this file is the looking worker: it is started as a thread");
const names = workerData as LookNames;

port.on("message", (requests: readonly LookRequest[]) => {
  port.postMessage(requests.map(answer));
});

function answer(request: LookRequest): LookReply {
  const path = "directory" in request ? request.directory : request.root;
  try {
    if (!("directory" in request)) return look(request);
    if ("onlyNames" in request) return { status: "named", entries: listNamesNow(path) };
    return { status: "listed", entries: listDirectoryNow(path) };
  } catch (error) {
    const { code, message } = fromNodeError(error, path);
    return { status: "failed", code, message };
  }
}

function look({ root, entryFile }: RootRequest): LookReply {
  if (!isDirectory(root)) return { status: "no-root" };
  return { ...lookAt(root), entryText: entryFile === null ? null : readEntry(entryFile) };
}

function isDirectory(root: string): boolean {
  try {
    return lstatSync(root, { bigint: true }).isDirectory();
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return false;
    throw error;
  }
}

function lookAt(root: string): Omit<RootSight, "entryText"> {
  const archives: string[] = [];
  const others: string[] = [];
  let sentinel: RootSight["sentinel"] = { status: "missing" };
  let local: RootSight["local"] = "missing";
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    const { name } = entry;
    if (name === names.sentinel) sentinel = readSentinelFileNow(entryPath(root, name));
    else if (name === names.local) local = entry.isDirectory() ? "directory" : "other";
    else if (isArchive(entry)) archives.push(name);
    else others.push(name);
  }
  return {
    status: "seen",
    sentinel,
    local,
    archives: archives.sort().map((name) => stampOf(root, name)),
    others: others.sort(),
  };
}

function isArchive(entry: Dirent): boolean {
  return entry.name.toLowerCase().endsWith(ARCHIVE_EXTENSION) && entry.isFile();
}

function stampOf(root: string, name: string): ArchiveStamp {
  const path = entryPath(root, name);
  try {
    const stats = lstatSync(path, { bigint: true });
    return [name, String(stats.size), String(stats.mtimeNs)];
  } catch (error) {
    throw fromNodeError(error, path);
  }
}

/** Null for everything that is out of the ordinary: who asked then reads it with all care. */
function readEntry(path: string): string | null {
  try {
    return readSmallFile(path, MAX_JSON_BYTES).text;
  } catch {
    return null;
  }
}
