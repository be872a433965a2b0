import { countOf, type Outcome } from "./outcome.ts";

const MS_PER_SECOND = 1_000;
/** What XML 1.0 cannot hold, not even escaped. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is them that are taken out
const NOT_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/gu;

/** The results as JUnit XML, as CI systems read it. Rows without a scenario count as skipped. */
export function toJunit(outcomes: readonly Outcome[]): string {
  const cases = outcomes.map((outcome) => {
    const { row, elapsedMs } = outcome;
    const head = `  <testcase classname="scenarios" name="${escapeXml(`${row.id} ${row.setup}`)}" time="${seconds(elapsedMs)}">`;
    return `${head}${bodyOf(outcome)}</testcase>`;
  });
  const skipped = countOf(outcomes, "skipped") + countOf(outcomes, "not written");
  const totalMs = outcomes.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="scenarios" tests="${outcomes.length}" failures="${countOf(outcomes, "failed")}" skipped="${skipped}" time="${seconds(totalMs)}">`,
    ...cases,
    "</testsuite>",
    "",
  ].join("\n");
}

function bodyOf(outcome: Outcome): string {
  switch (outcome.result) {
    case "passed":
      return `<system-out>${escapeXml(outcome.proof)}</system-out>`;
    case "failed": {
      const text = [...outcome.faults, outcome.story, `logs: ${outcome.logs ?? "none"}`].join("\n");
      return `<failure message="${escapeXml(outcome.faults[0] ?? "")}">${escapeXml(text)}</failure>`;
    }
    case "skipped":
      return `<skipped message="${escapeXml(outcome.why)}"/>`;
    case "not written":
      return '<skipped message="not written yet"/>';
  }
}

function seconds(ms: number): string {
  return (ms / MS_PER_SECOND).toFixed(3);
}

function escapeXml(text: string): string {
  return text
    .replaceAll(NOT_IN_XML, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
