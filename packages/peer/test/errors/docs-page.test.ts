import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { type ErrorDescription, PEER_ERRORS } from "../../src/errors/index.ts";

const PAGE = new URL("../../../../docs/errors.md", import.meta.url);

/** The rows of the page's table: code → the other cells. */
async function rows(): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const line of (await readFile(PAGE, "utf8")).split("\n")) {
    const cells = line.split("|").map((cell) => cell.trim());
    const code = /^`([a-z-]+)`$/u.exec(cells[1] ?? "")?.[1];
    if (code === undefined) continue;
    expect(found.has(code), `${code} has two rows`).toBe(false);
    found.set(code, cells.slice(2, -1));
  }
  return found;
}

describe("docs/errors.md", () => {
  it("has exactly the codes of the registry", async () => {
    expect([...(await rows()).keys()].sort()).toEqual(Object.keys(PEER_ERRORS).sort());
  });

  it("says of each what the program says", async () => {
    const page = await rows();
    for (const [code, description] of Object.entries<ErrorDescription>(PEER_ERRORS)) {
      expect(page.get(code), code).toEqual([
        description.summary,
        description.hint ?? "",
        description.retryable ? "yes" : "no",
      ]);
    }
  });
});
