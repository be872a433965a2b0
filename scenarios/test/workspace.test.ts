import { temporaryDirectory } from "@lanspread/testkit";
import { afterEach, expect, it, vi } from "vitest";
import { createWorkspace } from "../src/workspace.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

it("says what to do where the folder for temporary files is missing", async () => {
  await using dir = await temporaryDirectory();
  vi.stubEnv("TMPDIR", dir.join("gone"));
  vi.stubEnv("TEMP", dir.join("gone"));
  await expect(createWorkspace("demo", 1)).rejects.toThrow(
    expect.objectContaining({
      message: expect.stringMatching(
        /^the folder for temporary files .*gone cannot be used \(.*set TMPDIR to/u,
      ),
    }),
  );
});
