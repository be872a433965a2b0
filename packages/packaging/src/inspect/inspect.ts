import { lstat, readFile } from "node:fs/promises";
import { checkPathSet, checkWirePath, describeRefusal } from "@lanspread/proto";
import type { ShippedFile } from "../app/shipped-file.ts";
import { WINDOWS_FOLDER_CHARACTERS, WINDOWS_PATH_CHARACTERS } from "../constants.ts";
import type { Platform } from "../platforms.ts";
import { PROGRAM } from "../starters.ts";
import { type Executable, isNewer, readExecutable } from "./executable.ts";
import { missingImports } from "./imports.ts";
import { hasLibrary } from "./system-libraries.ts";

const FORMATS = { linux: "elf", win32: "pe", darwin: "mach-o" } as const;

/**
 * What is wrong with what an archive would have: names that a system refuses, links, programs and libraries for another system, natives
 * that are missing, imports that lead nowhere. This is all that can be found out without the system itself.
 *
 * @param folder the archive's one folder
 */
export async function inspect(
  platform: Platform,
  folder: string,
  files: readonly ShippedFile[],
): Promise<readonly string[]> {
  const faults: string[] = [];
  const refusals = [
    ...files.map(({ path }) => checkWirePath(path)),
    checkPathSet(files.map(({ path }) => path)),
  ];
  for (const refusal of refusals) {
    if (refusal !== null) faults.push(describeRefusal(refusal));
  }
  const paths = new Set(files.map(({ path }) => path));
  for (const needed of neededPaths(platform)) {
    if (!paths.has(needed)) faults.push(`${needed} is missing`);
  }
  for (const { path, content } of files) {
    if (platform.system === "win32") {
      const length = WINDOWS_FOLDER_CHARACTERS + folder.length + 1 + path.length;
      if (length > WINDOWS_PATH_CHARACTERS) faults.push(`${path} is too long for Windows`);
    }
    if (!("file" in content)) continue;
    if (!(await lstat(content.file)).isFile()) faults.push(`${path} is no file of its own`);
    if (!/^node\/|\.node$/u.test(path)) continue;
    const executable = readExecutable(await readFile(content.file));
    faults.push(...executableFaults(platform, path, executable));
  }
  faults.push(...(await missingImports(files, platform.leavesOut)));
  return faults;
}

function neededPaths({ nodeFile, natives }: Platform): readonly string[] {
  return [
    `node/${nodeFile}`,
    PROGRAM,
    ...Object.entries(natives).map(([name, file]) => `app/node_modules/${name}/${file}`),
    "app/node_modules/@lanspread/desktop/dist/page/index.html",
    "app/node_modules/certs/party-ca.pem",
    "app/node_modules/certs/party-ca-key.pem",
  ];
}

function executableFaults(
  platform: Platform,
  path: string,
  executable: Executable | null,
): readonly string[] {
  if (executable === null) return [`${path} is no program and no library`];
  const faults: string[] = [];
  const { format, processor, libraries, oldest, isSigned } = executable;
  if (format !== FORMATS[platform.system] || processor !== platform.processor) {
    faults.push(`${path} is for another system (${format}, ${processor})`);
  }
  for (const library of libraries) {
    if (!hasLibrary(format, library)) faults.push(`${path} needs ${library}, which not every machine has`);
  }
  if (oldest !== null && platform.oldest !== null && isNewer(oldest, platform.oldest)) {
    faults.push(`${path} needs version ${oldest.join(".")} of the system, not ${platform.oldest.join(".")}`);
  }
  // Apple silicon ends a process that loads code without a signature.
  if (format === "mach-o" && !isSigned) faults.push(`${path} has no signature`);
  return faults;
}
