import { describe, expect, it } from "vitest";
import { isLicence, isNeeded } from "../../src/app/choose-files.ts";

describe("isNeeded", () => {
  it.each([
    ["zod", "index.js"],
    ["zod", "v4/core/doc.js"],
    ["zod", "package.json"],
    ["zod", "v4/package.json"],
    ["node-unrar-js", "dist/js/unrar.wasm"],
    ["@matrixai/quic-linux-x64", "node.napi.node"],
    ["@koromix/koffi-linux-x64", "linux_x64/koffi.node"],
    ["koffi", "src/koffi/index.js"],
    ["@peculiar/x509", "build/x509.es.js"],
  ])("takes of %s what Node.js loads: %s", (name, path) => {
    expect(isNeeded(name, path)).toBe(true);
  });

  it.each([
    ["zod", "index.d.ts"],
    ["zod", "src/index.ts"],
    ["zod", "index.js.map"],
    ["zod", "README.md"],
    ["zod", "LICENSE"],
    ["dns-packet", "test/index.js"],
    ["ws", "tests/a/b.js"],
    ["a", ".github/x.js"],
    ["a", "node_modules/b/index.js"],
    ["koffi", "build/koffi/linux_x64/koffi.node"],
    ["koffi", "cnoke.cjs"],
    ["@koromix/koffi-linux-x64", "musl_x64/koffi.node"],
    ["chrome-launcher", "manual-chrome-launcher.js"],
  ])("leaves of %s what is for people and builds: %s", (name, path) => {
    expect(isNeeded(name, path)).toBe(false);
  });
});

describe("isLicence", () => {
  it.each(["LICENSE", "LICENCE", "license.md", "LICENSE-MIT", "LICENSE.txt", "COPYING", "NOTICE"])(
    "knows %s",
    (path) => {
      expect(isLicence(path)).toBe(true);
    },
  );

  it.each(["licenses.js/a", "dist/LICENSE", "README", "licensed", "notices.js.map/x"])(
    "does not take %s",
    (path) => {
      expect(isLicence(path)).toBe(false);
    },
  );
});
