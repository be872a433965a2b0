import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { instanceName, instanceOf, joinLabels, nameKey, sameName, splitName } from "../../src/dns/name.ts";

const labels = fc.array(fc.string({ unit: "grapheme", minLength: 1 }), { minLength: 1, maxLength: 5 });

describe("names", () => {
  it("keep their labels, whatever is in them", () => {
    fc.assert(
      fc.property(labels, (parts) => {
        expect(splitName(joinLabels(parts))).toEqual(parts);
      }),
    );
  });

  it("may end in the root", () => {
    expect(splitName("a.local.")).toEqual(["a", "local"]);
  });

  it("are the same without regard to the case of ASCII letters, and of these alone", () => {
    expect(sameName("Host.LOCAL", "host.local")).toBe(true);
    expect(sameName("MÜLLER.local", "müller.local")).toBe(false);
    expect(nameKey("ÄA")).toBe("Äa");
  });

  it("hold an instance of any characters", () => {
    const type = "_x._udp.local";
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (instance) => {
        expect(instanceOf(instanceName(instance, type), type)).toBe(instance);
      }),
    );
  });

  it.each([
    ["another type", "a._y._udp.local"],
    ["the type itself", "_x._udp.local"],
    ["a subtype", "a.b._x._udp.local"],
    ["nothing", ""],
    ["no instance at all", "._x._udp.local"],
    ["a dot inside the label before", "a\\._x._udp.local"],
  ])("hold no instance where there is %s", (_what, name) => {
    expect(instanceOf(name, "_x._udp.local")).toBeNull();
  });

  it("hold an instance of a type in other letters", () => {
    expect(instanceOf("Some\\.One._X._UDP.Local", "_x._udp.local")).toBe("Some.One");
  });
});
