import { formatDuration, formatRate } from "lanspread";
import type { HarnessEvent } from "../harness-process.ts";
import { TRANSFER_DEADLINE_MS } from "./constants.ts";
import { numberField, textField } from "./fields.ts";
import type { DemoPeer } from "./party.ts";
import type { Screen } from "./screen.ts";

/** The figures of one finished download, from its end event. */
export interface Transfer {
  readonly gameId: string;
  readonly bytes: number;
  readonly pieces: number;
  readonly retried: number;
  readonly elapsedMs: number;
  readonly mibPerS: number;
  /** Bytes by the peer_id that sent them. */
  readonly sources: Readonly<Record<string, number>>;
  readonly installedFiles: number;
}

const BYTES_PER_MIB = 1_048_576;
const FAILURES = new Set([
  "download-failed",
  "download-peers-gone",
  "download-cancelled",
  "no-peers-have-game",
  "install-failed",
]);

/** Downloads and installs one game, with a progress bar; rejects with the peer's reason. */
export async function getGame(peer: DemoPeer, gameId: string, screen: Screen): Promise<Transfer> {
  const { harness } = peer;
  const leave = harness.onEvent((event) => showProgress(event, gameId, screen));
  try {
    await harness.send({ cmd: "download", game_id: gameId, install: true });
    const downloaded = await endOf(peer, gameId, "download-finished");
    const installed = await endOf(peer, gameId, "install-finished");
    const rate = numberField(downloaded, "mib_per_s");
    const elapsedMs = numberField(downloaded, "elapsed_ms");
    screen.progress.finish(gameId, formatRate(rate * BYTES_PER_MIB));
    screen.detail(`${gameId} is downloaded, verified and installed (${formatDuration(elapsedMs / 1000)})`);
    return {
      gameId,
      bytes: numberField(downloaded, "bytes"),
      pieces: numberField(downloaded, "pieces"),
      retried: numberField(downloaded, "retried"),
      elapsedMs,
      mibPerS: rate,
      sources: (downloaded.data["sources"] ?? {}) as Readonly<Record<string, number>>,
      installedFiles: numberField(installed, "files"),
    };
  } finally {
    leave();
  }
}

/** The awaited end event; any other end of this game rejects at once, with what the peer said. */
async function endOf(peer: DemoPeer, gameId: string, wanted: string): Promise<HarnessEvent> {
  const ends = (event: HarnessEvent): boolean =>
    event.data["game_id"] === gameId && (event.event === wanted || FAILURES.has(event.event));
  const end = await peer.harness.event(Object.assign(ends, { description: `${wanted} of ${gameId}` }), {
    deadlineMs: TRANSFER_DEADLINE_MS,
  });
  if (end.event === wanted) return end;
  throw new Error(`${peer.name} could not get ${gameId}: ${end.event} ${JSON.stringify(end.data)}`);
}

function showProgress(event: HarnessEvent, gameId: string, screen: Screen): void {
  if (event.data["game_id"] !== gameId) return;
  if (event.event === "download-progress") {
    const eta = event.data["eta_seconds"];
    screen.progress.update(gameId, {
      label: gameId,
      phase: "downloading",
      doneBytes: numberField(event, "done_bytes"),
      totalBytes: numberField(event, "total_bytes"),
      bytesPerSecond: numberField(event, "bytes_per_second"),
      etaSeconds: typeof eta === "number" ? eta : null,
    });
  }
  if (event.event === "install-progress") {
    screen.progress.update(gameId, {
      label: gameId,
      phase: textField(event, "phase"),
      doneBytes: numberField(event, "done_bytes"),
      totalBytes: numberField(event, "total_bytes"),
      bytesPerSecond: null,
      etaSeconds: null,
    });
  }
}

/** Rejects unless every byte of the game came from this peer. */
export function checkSource(transfer: Transfer, source: DemoPeer): void {
  const from = Object.entries(transfer.sources).filter(([, bytes]) => bytes > 0);
  if (from.length === 1 && from[0]?.[0] === source.peerId) return;
  throw new Error(
    `${transfer.gameId} should have come from ${source.name} alone, not from ${JSON.stringify(transfer.sources)}`,
  );
}
