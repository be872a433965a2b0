import fsNow from "node:fs";
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { basename } from "node:path";

// Loaded into the receiver's process and its threads before the program (`--import`, by NODE_OPTIONS: lanes are given none of the
// flags of their process): kills the process right before or behind the n-th change of its kind to a file of that name, so that
// the program itself needs nothing for it. Each thread counts for itself. What is told by LANSPREAD_SOAK_DIE is
// `before|after OPERATION NAME N`; with `trace` every change is written to stderr instead.

type Operation = "create" | "mkdir" | "remove" | "rename" | "size" | "sync" | "write";

const order = process.env["LANSPREAD_SOAK_DIE"] ?? "";
const [when, operation, name, nth] = order.split(" ");
const isTrace = order === "trace";
const paths = new WeakMap<fs.FileHandle, string>();
/** Of files that were opened without a promise, by their descriptors. */
const openPaths = new Map<unknown, string>();
let seen = 0;

async function change<T>(kind: Operation, path: unknown, work: () => Promise<T>): Promise<T> {
  const dieBehind = comesTo(kind, path);
  try {
    return await work();
  } finally {
    // Also behind one that failed, such as the removal of what was not there.
    dieBehind();
  }
}

/** As {@link change}, of what a thread does itself and waits for. */
function changeNow<T>(kind: Operation, path: unknown, work: () => T): T {
  const dieBehind = comesTo(kind, path);
  try {
    return work();
  } finally {
    dieBehind();
  }
}

/** Dies here where that is meant. @returns dies where it is meant behind the change */
function comesTo(kind: Operation, path: unknown): () => void {
  const isMeant = kind === operation && basename(String(path)) === name && ++seen === Number(nth);
  if (isTrace) process.stderr.write(`change ${kind} ${basename(String(path))}\n`);
  if (isMeant && when === "before") die();
  return () => {
    if (isMeant && when === "after") die();
  };
}

function isNewFile(flags: unknown): boolean {
  return typeof flags === "string" ? flags.includes("x") : (Number(flags ?? 0) & fs.constants.O_EXCL) !== 0;
}

/** Nothing runs in this thread any more from here on; the signal ends the others. */
function die(): never {
  process.kill(process.pid, "SIGKILL");
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

if (order !== "") {
  const { mkdir, open, rename, rm, unlink } = fs;
  const probe = await open(process.execPath, "r");
  const handles = Object.getPrototypeOf(probe) as Record<string, (...args: unknown[]) => Promise<unknown>>;
  await probe.close();
  const methods: Readonly<Record<string, Operation>> = {
    appendFile: "write",
    datasync: "sync",
    sync: "sync",
    truncate: "size",
    write: "write",
    writev: "write",
  };
  for (const [method, kind] of Object.entries(methods)) {
    const original = handles[method];
    if (original === undefined) continue;
    handles[method] = function (this: fs.FileHandle, ...args) {
      return change(kind, paths.get(this) ?? "", () => original.apply(this, args));
    };
  }
  Object.assign(fs, {
    mkdir: (...args: Parameters<typeof mkdir>) => change("mkdir", args[0], () => mkdir(...args)),
    rename: (...args: Parameters<typeof rename>) => change("rename", args[1], () => rename(...args)),
    rm: (...args: Parameters<typeof rm>) => change("remove", args[0], () => rm(...args)),
    unlink: (...args: Parameters<typeof unlink>) => change("remove", args[0], () => unlink(...args)),
    async open(...args: Parameters<typeof open>) {
      const [path, flags] = args;
      const file = await (isNewFile(flags) ? change("create", path, () => open(...args)) : open(...args));
      paths.set(file, String(path));
      return file;
    },
  });
  const { fdatasync, ftruncateSync, mkdirSync, openSync, unlinkSync, writeSync } = fsNow;
  Object.assign(fsNow, {
    openSync(...args: Parameters<typeof openSync>) {
      const [path, flags] = args;
      const file = isNewFile(flags) ? changeNow("create", path, () => openSync(...args)) : openSync(...args);
      openPaths.set(file, String(path));
      return file;
    },
    mkdirSync: (...args: Parameters<typeof mkdirSync>) =>
      changeNow("mkdir", args[0], () => mkdirSync(...args)),
    unlinkSync: (path: fsNow.PathLike) => changeNow("remove", path, () => unlinkSync(path)),
    ftruncateSync: (...args: Parameters<typeof ftruncateSync>) =>
      changeNow("size", openPaths.get(args[0]) ?? "", () => ftruncateSync(...args)),
    writeSync(...args: Parameters<typeof writeSync>) {
      return changeNow("write", openPaths.get(args[0]) ?? "", () => writeSync(...args));
    },
    fdatasync(file: number, done: fsNow.NoParamCallback) {
      const dieBehind = comesTo("sync", openPaths.get(file) ?? "");
      fdatasync(file, (error) => {
        dieBehind();
        done(error);
      });
    },
  });
  syncBuiltinESMExports();
}
