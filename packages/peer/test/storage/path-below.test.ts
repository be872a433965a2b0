import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { pathBelow } from "../../src/storage/index.ts";

const component = fc.stringMatching(/^[A-Za-z0-9äß _.-]{1,12}$/u).filter((name) => !/^\.+$/.test(name));

it("says what join says of a path that needs no cleaning", () => {
  fc.assert(
    fc.property(fc.array(component, { minLength: 1, maxLength: 5 }), (components) => {
      const root = join(process.cwd(), "games");
      const inside = components.join("/");
      expect(pathBelow(root, inside)).toBe(join(root, inside));
    }),
  );
});
