import { lstat, readFile } from "node:fs/promises";
import { writeFileDurably } from "@lanspread/peer/base";
import { MAX_SETTINGS_BYTES } from "./constants.ts";
import { findFirst } from "./find-first.ts";
import { withPersonaName } from "./persona-name.ts";

const ACCOUNT_NAME = "account_name.txt";
const LANGUAGE = "language.txt";
const STEAM_EMULATOR = "smartsteamemu.ini";

/** The bits of a mode that say who may do what. */
const PERMISSIONS = 0o777;

/** Names of languages as these files have them. */
const LANGUAGE_NAMES = { en: "english", de: "german" } as const;

export interface PlayerStamp {
  /** Clean. */
  readonly name: string;
  readonly language: keyof typeof LANGUAGE_NAMES;
}

/**
 * Writes the player's name and language to the files in which games look for them: the first `account_name.txt`,
 * `language.txt` and `SmartSteamEmu.ini` below `local/`.
 *
 * @returns the files that were written
 * @throws PeerError and what the file system says
 */
export async function stampPlayer(
  local: string,
  { name, language }: PlayerStamp,
): Promise<readonly string[]> {
  const found = await findFirst(local, new Set([ACCOUNT_NAME, LANGUAGE, STEAM_EMULATOR]));
  const written: string[] = [];
  const write = async (file: string, content: string | Uint8Array): Promise<void> => {
    const { mode } = await lstat(file);
    await writeFileDurably(file, content, { mode: mode & PERMISSIONS });
    written.push(file);
  };
  const account = found.get(ACCOUNT_NAME);
  if (account !== undefined) await write(account, name);
  const tongue = found.get(LANGUAGE);
  if (tongue !== undefined) await write(tongue, LANGUAGE_NAMES[language]);
  const emulator = found.get(STEAM_EMULATOR);
  if (emulator !== undefined && (await lstat(emulator)).size <= MAX_SETTINGS_BYTES) {
    // Byte by byte, whatever the encoding of the rest is.
    const settings = withPersonaName(
      await readFile(emulator, "latin1"),
      Buffer.from(name).toString("latin1"),
    );
    if (settings !== null) await write(emulator, Buffer.from(settings, "latin1"));
  }
  return written;
}
