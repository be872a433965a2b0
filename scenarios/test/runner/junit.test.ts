import { expect, it } from "vitest";
import { toJunit } from "../../src/runner/junit.ts";
import { asScenarioId } from "../../src/runner/matrix-document.ts";
import type { Outcome } from "../../src/runner/outcome.ts";

const row = (id: string) => ({ id: asScenarioId(id), setup: `a <set-up> & "more"`, proof: "b" });

it("counts and escapes what it writes", () => {
  const outcomes: Outcome[] = [
    { row: row("S1"), result: "passed", elapsedMs: 1_500, proof: "5 < 6\u0000" },
    { row: row("S2"), result: "failed", elapsedMs: 500, faults: ["no <end>"], story: "s", logs: "/tmp/l" },
    { row: row("S3"), result: "skipped", elapsedMs: 0, why: "needs root" },
    { row: row("S4"), result: "not written", elapsedMs: 0 },
  ];
  const xml = toJunit(outcomes);
  expect(xml).toContain('<testsuite name="scenarios" tests="4" failures="1" skipped="2" time="2.000">');
  expect(xml).toContain('name="S1 a &lt;set-up&gt; &amp; &quot;more&quot;" time="1.500"');
  expect(xml).toContain("<system-out>5 &lt; 6</system-out>");
  expect(xml).toContain('<failure message="no &lt;end&gt;">');
  expect(xml).toContain('<skipped message="not written yet"/>');
});
