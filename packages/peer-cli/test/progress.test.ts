import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { createProgressView, type ProgressState } from "../src/report/progress.ts";

const MIB = 1_048_576;

function state(doneMib: number, extra: Partial<ProgressState> = {}): ProgressState {
  return {
    label: "quake3",
    phase: "downloading",
    doneBytes: doneMib * MIB,
    totalBytes: 100 * MIB,
    bytesPerSecond: 50 * MIB,
    etaSeconds: (100 - doneMib) / 50,
    ...extra,
  };
}

/** A stream that says it is a terminal of 120 columns, and what was written to it. */
function terminal(): { stream: NodeJS.WritableStream; text: () => string } {
  const pass = new PassThrough();
  let text = "";
  pass.on("data", (chunk) => {
    text += String(chunk);
  });
  const moves = { cursorTo: cursor("G"), moveCursor: cursor(""), clearLine: cursor("K") };
  return { stream: Object.assign(pass, { isTTY: true, columns: 120, ...moves }), text: () => text };

  function cursor(code: string) {
    return () => pass.write(`\u001b[${code}`);
  }
}

describe("progress off a terminal", () => {
  it("prints one line per tenth, not one per sample", async () => {
    const { stream, text } = terminal();
    const view = await createProgressView({ stream, interactive: false });
    for (let done = 0; done <= 100; done += 1) view.update("quake3", state(done));
    view.finish("quake3", "done");
    view.close();
    view.line("after the end");
    const lines = text().trimEnd().split("\n");
    expect(lines).toHaveLength(12);
    expect(lines[4]).toBe("quake3: downloading 40 %, 40.0 MiB of 100.0 MiB, 50.0 MiB/s, 2 s left");
    expect(lines.at(-1)).toBe("quake3: done");
    expect(text()).not.toContain("\u001b");
  });
});

describe("progress on a terminal", () => {
  it("draws a bar with amount, rate and rest, and gives the cursor back", async () => {
    const { stream, text } = terminal();
    const view = await createProgressView({ stream, interactive: true });
    view.update("quake3", state(25));
    view.line("found attic");
    view.close();
    expect(text()).toContain("######..................");
    expect(text()).toContain("25.0 MiB/100.0 MiB");
    expect(text()).toContain("50.0 MiB/s");
    expect(text()).toContain("ETA 2 s");
    expect(text()).toContain("found attic\n");
    expect(text().lastIndexOf("\u001b[?25h")).toBeGreaterThan(text().lastIndexOf("\u001b[?25l"));
  });

  it("writes lines at once while there is no bar, and hides no cursor for them", async () => {
    const { stream, text } = terminal();
    const view = await createProgressView({ stream, interactive: true });
    view.line("looking");
    view.close();
    expect(text()).toBe("looking\n");
  });

  it("shows nothing to do as done", async () => {
    const { stream, text } = terminal();
    const view = await createProgressView({ stream, interactive: true });
    view.update("empty", state(0, { totalBytes: 0, doneBytes: 0 }));
    view.close();
    expect(text()).toContain("100 %");
  });
});
