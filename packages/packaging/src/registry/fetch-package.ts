import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { createGunzip } from "node:zlib";
import { unpackTar } from "modern-tar/fs";
import type { Pin } from "./pins.ts";

const run = promisify(execFile);

/** The archives of the registry have everything below this folder. */
const TOP_FOLDER_LEVELS = 1;

/** @returns as `npm` writes it */
export function integrityOf(bytes: Uint8Array): string {
  return `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
}

/**
 * A folder with an unpacked package of the registry: from `cacheDir`, else by `npm pack`, which takes it from npm's own cache where it
 * is there. What has other bytes than the pin says is not unpacked.
 *
 * @throws Error where the package cannot be had, or has other bytes
 */
export async function fetchPackage(pin: Pin, cacheDir: string, signal?: AbortSignal): Promise<string> {
  // The digest is part of the name: another pin finds nothing of this one.
  const digest = Buffer.from(pin.integrity.slice("sha512-".length), "base64").toString("hex").slice(0, 16);
  const folder = join(cacheDir, `${pin.name.replace("/", "+")}@${pin.version}-${digest}`);
  if (existsSync(folder)) return folder;
  await mkdir(cacheDir, { recursive: true });
  const work = await mkdtemp(join(cacheDir, "fetch-"));
  try {
    const bytes = await download(pin, work, signal);
    if (integrityOf(bytes) !== pin.integrity) {
      throw new Error(
        `${pin.name}@${pin.version} has other bytes than is pinned: ${integrityOf(bytes)} instead of ${pin.integrity}`,
      );
    }
    const unpacked = join(work, "unpacked");
    await pipeline(
      Readable.from([bytes]),
      createGunzip(),
      unpackTar(unpacked, { strip: TOP_FOLDER_LEVELS }),
      {
        ...(signal === undefined ? {} : { signal }),
      },
    );
    await rename(unpacked, folder);
    return folder;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function download(pin: Pin, into: string, signal: AbortSignal | undefined): Promise<Buffer> {
  const args = ["pack", "--silent", "--prefer-offline", "--json", `${pin.name}@${pin.version}`];
  const { npm_execpath: npm = "" } = process.env;
  // The npm that started us needs no shell to be found on Windows.
  const [program, before] = npm.endsWith("npm-cli.js") ? [process.execPath, [npm]] : ["npm", []];
  try {
    await run(program, [...before, ...args, "--pack-destination", into], {
      cwd: into,
      shell: program === "npm" && process.platform === "win32",
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (cause) {
    throw new Error(`cannot fetch ${pin.name}@${pin.version} from the registry`, { cause });
  }
  return await readFile(join(into, `${pin.name.replace("@", "").replace("/", "-")}-${pin.version}.tgz`));
}
