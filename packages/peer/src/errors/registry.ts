/** What an error code means to the person in front of the program. */
export interface ErrorDescription {
  /** One sentence: what happened. */
  readonly summary: string;
  /** What the person can do about it. */
  readonly hint?: string;
  /** Whether the same command may succeed later without anybody changing anything. */
  readonly retryable: boolean;
}

/**
 * Every error of the runtime. Codes are part of the interface of hosts and scripts: they are added, never renamed.
 * `docs/errors.md` explains each of them; a test keeps both in step.
 */
export const PEER_ERRORS = {
  "operation-in-progress": {
    summary: "Another operation on this game is still running.",
    hint: "Wait for its end, or cancel it.",
    retryable: true,
  },
  "nothing-to-cancel": {
    summary: "No download of this game is running.",
    retryable: false,
  },
  "unknown-game": {
    summary: "This peer knows no game with this id.",
    hint: "Check the id against the list of games.",
    retryable: false,
  },
  "not-in-catalog": {
    summary: "The catalog of this party does not have this game.",
    hint: "Use an id of the catalog, or start without a catalog.",
    retryable: false,
  },
  "not-downloaded": {
    summary: "The game is not downloaded: its folder has no valid version.ini.",
    hint: "Download the game first.",
    retryable: false,
  },
  "already-installed": {
    summary: "The game is installed already: its folder has a local directory.",
    hint: "Uninstall it first.",
    retryable: false,
  },
  "already-downloaded": {
    summary: "The game is downloaded already: it need not come over the network to be installed.",
    hint: "Install it from the own disk.",
    retryable: false,
  },
  "not-installed": {
    summary: "The game is not installed: its folder has no local directory.",
    retryable: false,
  },
  "no-peers-have-game": {
    summary: "No connected peer offers this game at the wanted version.",
    hint: "Wait for a peer that has it, or look at the list of peers.",
    retryable: true,
  },
  "peers-gone": {
    summary: "No peer is left that gives the game: all have left, or were put out for their answers.",
    hint: "What was fetched is kept: start the download again when the message's peers are back or mended.",
    retryable: true,
  },
  "stream-failed": {
    summary: "No source has sent the game unpacked to its end.",
    hint: "The message says what each source did; nothing of it is kept. Try again later, or download the game instead.",
    retryable: true,
  },
  "ambiguous-metadata": {
    summary: "Peers disagree about what this game consists of, and no side has a majority.",
    hint: "Find out who has the right files, or pin the game's content_id in the catalog.",
    retryable: false,
  },
  "version-mismatch": {
    summary: "The version is not the one that this party plays.",
    hint: "Download the version that the catalog names.",
    retryable: false,
  },
  verification: {
    summary: "Bytes that arrived are not the bytes of the game, and no other source had the right ones.",
    hint: "The message names file, piece and peer: that peer's copy is damaged.",
    retryable: true,
  },
  "disk-full": {
    summary: "There is not enough free space on the disk.",
    hint: "Free the space that the message names and start again.",
    retryable: true,
  },
  "no-permission": {
    summary: "The operating system does not allow access to a file, a directory or a port.",
    hint: "Give your user the right to read and write it, or choose another directory.",
    retryable: false,
  },
  "no-such-file": {
    summary: "A file that is needed is not there.",
    retryable: false,
  },
  "no-such-directory": {
    summary: "A directory that is needed is not there.",
    hint: "Make it, plug in the drive it is on, or choose another directory.",
    retryable: true,
  },
  "not-a-directory": {
    summary: "What should be a directory is something else.",
    hint: "Choose a directory.",
    retryable: false,
  },
  "path-too-long": {
    summary: "A path is longer than the operating system or the protocol allows.",
    hint: "Use a directory with a shorter path.",
    retryable: false,
  },
  "too-many-files": {
    summary: "The operating system allows no more open files.",
    hint: "Close other programs, or raise the limit (Linux and macOS: ulimit -n).",
    retryable: true,
  },
  "disk-error": {
    summary: "The disk could not read or write.",
    hint: "Check the disk and its cable; the message names the file.",
    retryable: true,
  },
  "port-taken": {
    summary: "Another program uses this port.",
    hint: "Stop that program, or listen on another port (0 chooses a free one).",
    retryable: true,
  },
  "no-network-interface": {
    summary: "There is no network interface to use.",
    hint: "Plug in the cable or join the wireless network; name the interface's address if it was filtered.",
    retryable: true,
  },
  "platform-unsupported": {
    summary: "There is no QUIC library for this system and processor.",
    hint: "Use Linux x64, Windows x64 or macOS.",
    retryable: false,
  },
  "catalog-invalid": {
    summary: "The catalog file cannot be used.",
    hint: "Correct the line or entry that the message names.",
    retryable: false,
  },
  "party-ca-invalid": {
    summary: "The party's certificate authority cannot be used.",
    hint: "Use the folder that lanspread certs rotate made, complete and unchanged.",
    retryable: false,
  },
  "already-exists": {
    summary: "There is something already where something new was to be written.",
    hint: "Choose another place; nothing was overwritten.",
    retryable: false,
  },
  "self-connect": {
    summary: "The address leads to this peer itself.",
    hint: "Use the address of another peer.",
    retryable: false,
  },
  "connect-failed": {
    summary: "The peer at this address could not be reached.",
    hint: "Check that it runs, that the address is right, and that no firewall is in between.",
    retryable: true,
  },
  "wrong-party": {
    summary: "The peer belongs to another party.",
    hint: "Use the same party name and the same party CA on both sides.",
    retryable: false,
  },
  "incompatible-peer": {
    summary: "The peer speaks another version of the protocol.",
    hint: "Use the same version of lanspread on both sides.",
    retryable: false,
  },
  "archive-damaged": {
    summary: "An archive of the game is damaged.",
    hint: "Remove the game, then download it again.",
    retryable: false,
  },
  "archive-password": {
    summary: "An archive of the game needs a password.",
    hint: "Ask the peer who packed the game for archives without a password.",
    retryable: false,
  },
  "archive-missing-volume": {
    summary: "A volume of a multi-volume archive is missing.",
    hint: "Put the missing volume beside the others, or download the game again.",
    retryable: false,
  },
  "archive-truncated": {
    summary: "An archive of the game ends too early.",
    hint: "Remove the game, then download it again.",
    retryable: false,
  },
  "archive-unsafe-path": {
    summary: "An archive of the game has an entry whose name is not safe to create.",
    hint: "The message names entry and rule: have the game packed again without it.",
    retryable: false,
  },
  "archive-unsupported": {
    summary: "An archive of the game uses something that the unpacker does not support.",
    hint: "Have the game packed again as RAR, without links; where only the method is unknown, name an external unrar or 7z.",
    retryable: false,
  },
  "unpacker-unusable": {
    summary:
      "The program that was named to unpack archives is not there, or cannot unpack every kind of them.",
    hint: "Name another program, or none: the built-in UnRAR needs no other program.",
    retryable: false,
  },
  "forbidden-path": {
    summary: "A path breaks the rules for paths, or leads out of the game's folder.",
    hint: "Rename the file that the message names.",
    retryable: false,
  },
  cancelled: {
    summary: "The operation was cancelled.",
    retryable: true,
  },
  "shutting-down": {
    summary: "The peer is stopping.",
    retryable: true,
  },
  timeout: {
    summary: "The answer did not come in time.",
    retryable: true,
  },
  "bad-request": {
    summary: "The command is not one that the peer understands.",
    hint: "The message names the field that is wrong.",
    retryable: false,
  },
  "state-locked": {
    summary: "Another peer uses this state directory.",
    hint: "Stop that peer, or use another state directory.",
    retryable: true,
  },
  internal: {
    summary: "A fault in lanspread itself.",
    hint: "Please report it, with the log.",
    retryable: false,
  },
} as const satisfies Record<string, ErrorDescription>;

/** A code of {@link PEER_ERRORS}. */
export type PeerErrorCode = keyof typeof PEER_ERRORS;

/** Whether a string from outside is one of our codes. */
export function isPeerErrorCode(value: string): value is PeerErrorCode {
  return Object.hasOwn(PEER_ERRORS, value);
}
