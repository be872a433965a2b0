import { formatBytes, renderTable } from "lanspread";
import type { Transfer } from "./get-game.ts";
import type { Proof } from "./verify.ts";

/** One row of the closing table. */
export interface DemoRow {
  readonly transfer: Transfer;
  readonly from: string;
  readonly proof: Proof;
}

/** Hex digits of a digest that are shown; all 64 were compared. */
const SHOWN_DIGITS = 16;

/** The closing tables: one line per game, one per file. Everything in them was checked before. */
export function renderReport(rows: readonly DemoRow[], bold: (text: string) => string): string[] {
  const games = renderTable(
    [
      { title: "GAME" },
      { title: "FROM" },
      { title: "BYTES", align: "right" },
      { title: "MiB/s", align: "right" },
      { title: "PIECES", align: "right" },
      { title: "SHA-256 = SOURCE" },
      { title: "INSTALLED = ARCHIVE" },
    ],
    rows.map(({ transfer, from, proof }) => [
      transfer.gameId,
      from,
      String(transfer.bytes),
      transfer.mibPerS.toFixed(1),
      String(transfer.pieces),
      `${proof.files.size} of ${proof.files.size} files`,
      `${proof.installed.size} of ${proof.installed.size} files`,
    ]),
    bold,
  );
  const files = renderTable(
    [{ title: "FILE" }, { title: "SIZE", align: "right" }, { title: "SHA-256" }, { title: "EQUAL TO" }],
    rows.flatMap(({ transfer, from, proof }) => [
      ...[...proof.files].map(([path, file]) =>
        fileRow(`${transfer.gameId}/${path}`, file, `${from}'s file`),
      ),
      ...[...proof.installed].map(([path, file]) =>
        fileRow(`${transfer.gameId}/local/${path}`, file, "the archive's entry"),
      ),
    ]),
    bold,
  );
  return ["", ...games, "", ...files, ""];
}

function fileRow(path: string, file: { size: number; sha256: string }, equal: string): string[] {
  return [path, formatBytes(file.size), `${file.sha256.slice(0, SHOWN_DIGITS)}…`, equal];
}
