import { isIP } from "node:net";
import { type Command, InvalidArgumentError, Option } from "commander";

/** Options that every command with a peer takes, as commander hands them over. */
export interface PeerFlags {
  readonly gamesDir?: string;
  readonly stateDir?: string;
  readonly catalog?: string;
  readonly name?: string;
  readonly party?: string;
  readonly interface?: readonly string[];
  readonly listen?: string;
  readonly partyCa?: string;
  readonly lanes?: number;
  /** Of the commands that unpack. */
  readonly unrar?: string;
}

/** Options of every command about what is printed. */
export interface OutputFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
  /** How often `-v` was given: 1 tells what happens, 2 everything. */
  readonly verbose?: number;
}

/** Option of the commands that look for other peers first. */
export interface WaitFlags {
  /** Seconds. */
  readonly wait: number;
}

const MAX_WAIT_SECONDS = 600;
const MAX_PORT = 65_535;
/** As the runtime has it. */
const MAX_LANES = 16;
/** DNS-SD text records hold at most 255 bytes with their key; names stay well below. */
const MAX_LABEL_BYTES = 63;

export function addPeerOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--games-dir <dir>", "folder with the games (default: ~/lanspread)").env(
        "LANSPREAD_GAMES_DIR",
      ),
    )
    .addOption(
      new Option(
        "--state-dir <dir>",
        "folder for this peer's own files (default: the system's place for them)",
      ).env("LANSPREAD_STATE_DIR"),
    )
    .option("--catalog <file>", "only games of this catalog exist (default: every game counts)")
    .option("--name <name>", "name that the others see (default: this computer's)", parseLabel)
    .option("--party <name>", 'group on this network (default: "lan")', parseLabel)
    .option("--interface <ip>", "use only the network with this own address; repeatable", collectAddress)
    .option("--listen <host:port>", "address to listen on (default: 0.0.0.0:0, any free port)", parseListen)
    .option("--party-ca <dir>", "certificates of a closed party, made by `lanspread certs rotate`")
    .option(
      "--lanes <count>",
      "threads that move the games' bytes, each with a UDP port, 0 to 16; 0: the program's own does (default: 1 to 4, by the processors)",
      (text) => parseCount(text, 0, MAX_LANES),
    );
}

/** For the commands whose peer may unpack archives. */
export function addUnpackerOption(command: Command): Command {
  return command.option(
    "--unrar <program>",
    "path of an unrar or 7z that unpacks the archives (default: the built-in UnRAR)",
  );
}

export function addOutputOptions(command: Command): Command {
  return command
    .option("--json", "print the result as JSON on stdout")
    .option("-q, --quiet", "print nothing but results and errors")
    .option("-v, --verbose", "tell what happens on stderr; twice: everything", (_, n: number) => n + 1, 0);
}

export function addWaitOption(command: Command, seconds: number): Command {
  return command.option(
    "--wait <seconds>",
    "how long to look for other peers when none runs here",
    (text) => parseCount(text, 0, MAX_WAIT_SECONDS),
    seconds,
  );
}

/** `host:port` or `[v6]:port`; the text is returned as it was, since the runtime takes it in this form. */
function parseListen(text: string): string {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || isIP(host) === 0)
    throw new InvalidArgumentError("Expected an IP address and a port, like 0.0.0.0:0.");
  if (Number(match?.[3]) > MAX_PORT) throw new InvalidArgumentError(`The port is at most ${MAX_PORT}.`);
  return text;
}

function parseLabel(text: string): string {
  const label = text.trim();
  if (label === "" || /\p{Cc}/u.test(label)) throw new InvalidArgumentError("Expected some visible text.");
  if (Buffer.byteLength(label) > MAX_LABEL_BYTES)
    throw new InvalidArgumentError(`At most ${MAX_LABEL_BYTES} bytes.`);
  return label;
}

function collectAddress(text: string, before: readonly string[] | undefined): readonly string[] {
  if (isIP(text) === 0) throw new InvalidArgumentError("Expected an IP address of this computer.");
  return [...(before ?? []), text];
}

/** A whole number of these; otherwise a wrong command line. */
export function parseCount(text: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  }
  return value;
}
