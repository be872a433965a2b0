import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { CATCH_UP_AFTER_MS, DIAL_PATIENCE_MS } from "../../src/peers/constants.ts";
import {
  CONTROL_REQUESTS_PER_SECOND,
  FILES_PER_PEER,
  FRAME_BYTES_PER_PEER,
} from "../../src/serve/constants.ts";
import { NO_PROGRESS_MS } from "../../src/transfer/index.ts";

const page = await readFile(new URL("../../../../docs/protocol.md", import.meta.url), "utf8");
const textOf = (heading: string): string => page.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";

it("docs/protocol.md says what another peer may ask for at once", () => {
  const values = [...textOf("Serving").matchAll(/^\|.*\|\s*([0-9,]+)\s*\|$/gmu)].map(([, value]) => value);
  const expected = [CONTROL_REQUESTS_PER_SECOND, NO_PROGRESS_MS, FILES_PER_PEER, FRAME_BYTES_PER_PEER];
  expect(values).toEqual(expected.map((value) => value.toLocaleString("en-US")));
});

it("docs/protocol.md says how long peers wait for each other", () => {
  const discovery = textOf("Discovery");
  expect(discovery).toContain(`for over ${CATCH_UP_AFTER_MS / 1000} s`);
  expect(discovery).toContain(`within ${DIAL_PATIENCE_MS / 1000} s`);
});
