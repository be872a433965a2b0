import type { PeerErrorCode } from "../../errors/index.ts";
import { QUOTED_COMPLAINT } from "./constants.ts";
import type { ProgramEnd } from "./run-program.ts";

/** What the end of a program says about an archive. */
export interface Explanation {
  readonly code: PeerErrorCode;
  /** The rest of a sentence that begins with the archive, or with an entry of it. */
  readonly says: string;
}

/** Words of the programs, from the most telling: a volume that is missing makes checksums wrong as well. */
const COMPLAINTS: readonly (readonly [words: RegExp, code: PeerErrorCode, says: string])[] = [
  [
    /^(?:ERROR: )?(?:Cannot find volume|Missing volume)/mu,
    "archive-missing-volume",
    "goes on in a volume that is missing",
  ],
  [/password/iu, "archive-password", "needs a password"],
  [/^(?:ERROR: )?Unexpected end of (?:archive|data)/mu, "archive-truncated", "ends too early"],
  [
    /not enough memory|can't allocate|cannot allocate/iu,
    "archive-unsupported",
    "needs more memory than there is",
  ],
  [
    /^(?:ERROR: )?(?:Unsupported Method|Unknown method)|dictionary size.*(?:exceeds|is larger)/imu,
    "archive-unsupported",
    "is packed by a method that is not supported",
  ],
];

/** Exit codes of UnRAR (its manual, "Exit values") and of 7-Zip ("Exit Codes from 7-Zip"). */
const SUCCESS = 0;
const WARNING = 1;
const NO_MEMORY = 8;

/** Whether a program has found all content to be what the archive's checksums say. */
export function hasVerified({ exitCode }: ProgramEnd): boolean {
  return exitCode === SUCCESS;
}

/** Whether a program has nothing against what it has written. Where the bytes are known to be right warnings do not count. */
export function hasWritten({ exitCode }: ProgramEnd): boolean {
  return exitCode === SUCCESS || exitCode === WARNING;
}

/** Why a program has not unpacked an archive. */
export function explain(title: string, end: ProgramEnd): Explanation {
  if (end.signal !== null)
    return { code: "internal", says: `was being unpacked by ${title} when ${end.signal} ended it` };
  for (const [words, code, says] of COMPLAINTS) if (words.test(end.complaints)) return { code, says };
  if (end.exitCode === NO_MEMORY)
    return { code: "archive-unsupported", says: "needs more memory than there is" };
  const said = quote(end.complaints);
  return {
    code: "archive-damaged",
    says: said === "" ? `cannot be unpacked by ${title}` : `cannot be unpacked: ${title} says ${said}`,
  };
}

/** The first line of complaints for a sentence: quoted, cut. */
function quote(complaints: string): string {
  const [line = ""] = complaints.split("\n").flatMap((text) => text.trim() || []);
  if (line === "") return "";
  return JSON.stringify(line.length > QUOTED_COMPLAINT ? `${line.slice(0, QUOTED_COMPLAINT)}…` : line);
}
