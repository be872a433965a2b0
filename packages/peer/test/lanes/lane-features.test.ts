import { MAX_FEATURES } from "@lanspread/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { laneFeature, lanePorts } from "../../src/peers/lane-features.ts";

const port = fc.integer({ min: 1, max: 65_535 });

describe("the ports of lanes in a hello", () => {
  it("come back as they were named, each once, whatever else is named", () => {
    const other = fc.string().filter((text) => !text.startsWith("lane:"));
    const most = MAX_FEATURES / 2;
    fc.assert(
      fc.property(
        fc.uniqueArray(port, { maxLength: most }),
        fc.array(other, { maxLength: most }),
        (ports, others) => {
          const features = [...others, ...ports.map(laneFeature)];
          expect(lanePorts([...features, ...features].slice(0, MAX_FEATURES))).toEqual(ports);
        },
      ),
    );
  });

  it.each([
    "lane:",
    "lane:0",
    "lane:-1",
    "lane:+1",
    "lane:1.5",
    "lane:1e3",
    "lane:0x10",
    "lane:08080",
    "lane: 8080",
    "lane:8080 ",
    "lane:8080\n",
    "lane:65536",
    "lane:99999999999",
    "lane:８０８０",
    "Lane:8080",
    "lane",
    "lanes:8080",
    " lane:8080",
  ])("are no %j", (feature) => {
    expect(lanePorts([feature, "lane:7"])).toEqual([7]);
  });

  it("are never others than ports", () => {
    fc.assert(
      fc.property(fc.array(fc.string().map((text) => `lane:${text}`)), (features) => {
        for (const one of lanePorts(features)) {
          expect(Number.isInteger(one) && one > 0 && one < 65_536).toBe(true);
        }
      }),
    );
  });

  it("are no more than a hello may name features", () => {
    const features = Array.from({ length: MAX_FEATURES + 10 }, (_, index) => laneFeature(index + 1));
    expect(lanePorts(features)).toHaveLength(MAX_FEATURES);
  });
});
