import type { Colors } from "picocolors/types.js";
import { count, formatBytes, formatDuration, formatRate, formatShare, printable } from "./format.ts";
import type { PeerNames } from "./peer-names.ts";
import type { OperationOutcome, OperationVerb } from "./results.ts";
import { renderTable } from "./table.ts";

type Done = Extract<OperationOutcome, { outcome: "done" }>;
type Names = Pick<PeerNames, "nameOf" | "inText">;

const PAST: Readonly<Record<OperationVerb, string>> = {
  get: "got",
  update: "updated",
  install: "installed",
  uninstall: "uninstalled",
  remove: "removed",
};
const BYTES_PER_MIB = 1_048_576;

/** What was done, game by game. Failures are not repeated here: they went to stderr when they happened. */
export function renderOutcomes(
  outcomes: readonly OperationOutcome[],
  { verb, names }: { readonly verb: OperationVerb; readonly names: Names },
  colors: Colors,
): string[] {
  return outcomes.flatMap((outcome) =>
    outcome.outcome === "done" ? renderDone(outcome, verb, names, colors) : [],
  );
}

function renderDone(outcome: Done, verb: OperationVerb, names: Names, colors: Colors): string[] {
  const { gameId, bytes, elapsedMs, mibPerS, retried = 0 } = outcome;
  if (outcome.upToDate === true) return [`up to date ${gameId}`];
  const given = shares(outcome, names);
  const [only] = given;
  const details: string[] = [];
  if (bytes === 0 && !cameUnpacked(outcome)) {
    details.push("was here already");
  } else {
    if (bytes !== undefined) details.push(formatBytes(bytes));
    if (elapsedMs !== undefined) details.push(formatDuration(elapsedMs / 1000));
    if (mibPerS !== undefined) details.push(formatRate(mibPerS * BYTES_PER_MIB));
  }
  if (given.length === 1 && only !== undefined) details.push(`all from ${only.name}`);
  if (retried > 0) details.push(`${count(retried, "piece")} asked for again`);
  details.push(...renderInstalled(outcome, verb), ...renderRemoved(outcome));
  const text = details.length === 0 ? "" : `  ${details.join(", ")}`;
  const below = [
    ...(given.length > 1 ? renderShares(given, colors) : []),
    ...renderStruckOut(outcome, names, colors),
    ...renderLeft(outcome, colors),
  ];
  return [`${colors.green(PAST[verb])} ${gameId}${text}`, ...below.map((line) => `  ${line}`)];
}

/** Who has installed without an install of its own: such a game may have nothing but empty files, and no bytes came of it. */
function cameUnpacked({ installedFiles, installMs }: Done): boolean {
  return installedFiles !== undefined && installMs === undefined;
}

function renderInstalled(
  { installedFiles, installedBytes, installMs }: Done,
  verb: OperationVerb,
): readonly string[] {
  if (installedFiles === undefined) return [];
  const files = count(installedFiles, "file");
  const time = installMs === undefined ? undefined : formatDuration(installMs / 1000);
  // Behind a download there are bytes and time already.
  if (verb === "get" || verb === "update")
    return [`${files} installed${time === undefined ? "" : ` in ${time}`}`];
  return [
    files,
    ...(installedBytes === undefined ? [] : [formatBytes(installedBytes)]),
    ...(time === undefined ? [] : [time]),
  ];
}

function renderRemoved({ removedFiles, removedBytes = 0 }: Done): readonly string[] {
  return removedFiles === undefined ? [] : [count(removedFiles, "file"), formatBytes(removedBytes)];
}

function renderLeft({ left = 0 }: Done, colors: Colors): readonly string[] {
  if (left === 0) return [];
  const what = `${count(left, "file")} could not be deleted yet: the next start of lanspread tries again`;
  return [`${colors.yellow("left:")} ${what}`];
}

interface Share {
  readonly name: string;
  readonly amount: number;
}

/** Who gave how much, the most first; what an earlier start had fetched already comes last. */
function shares({ bytes = 0, sources = {} }: Done, names: Names): Share[] {
  const given = Object.entries(sources)
    .filter(([, amount]) => amount > 0)
    .map(([peerId, amount]) => ({ name: names.nameOf(peerId), amount }))
    .sort((a, b) => b.amount - a.amount || (a.name < b.name ? -1 : 1));
  const before = bytes - given.reduce((sum, { amount }) => sum + amount, 0);
  if (given.length > 0 && before > 0) given.push({ name: "(here before)", amount: before });
  return given;
}

function renderShares(given: readonly Share[], colors: Colors): string[] {
  const whole = given.reduce((sum, { amount }) => sum + amount, 0);
  return renderTable(
    [{ title: "SOURCE" }, { title: "BYTES", align: "right" }, { title: "SHARE", align: "right" }],
    given.map(({ name, amount }) => [name, formatBytes(amount), formatShare(amount, whole)]),
    colors.bold,
  );
}

function renderStruckOut({ struckOut = [] }: Done, names: Names, colors: Colors): string[] {
  return struckOut.map(({ peerId, why }) => {
    // It is named already.
    const reason = printable(names.inText(why.replaceAll(` from ${peerId}`, "")));
    return `${colors.yellow("struck out:")} ${names.nameOf(peerId)}, because ${reason}`;
  });
}
