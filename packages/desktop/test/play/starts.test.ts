import { describe, expect, it } from "vitest";
import { AGAIN_MS } from "../../shell/play/constants.ts";
import { Starts } from "../../shell/play/starts.ts";

describe("a wish to start something", () => {
  let now = 0;
  let count = 0;
  const start = async (): Promise<number> => {
    count += 1;
    return count;
  };

  it("is granted once while it is being started, and for a moment behind that", async () => {
    const starts = new Starts(() => now);
    const { promise, resolve } = Promise.withResolvers<string>();
    const first = starts.once("quake", () => promise);
    now += AGAIN_MS * 10;
    const second = starts.once("quake", () => Promise.resolve("another"));
    resolve("game");
    expect(await Promise.all([first, second])).toEqual(["game", "game"]);
    now += AGAIN_MS - 1;
    expect(await starts.once("quake", () => Promise.resolve("another"))).toBe("game");
    now += 1;
    expect(await starts.once("quake", () => Promise.resolve("another"))).toBe("another");
  });

  it("is another one for another thing", async () => {
    const starts = new Starts(() => now);
    count = 0;
    expect(await Promise.all([starts.once("quake", start), starts.once("doom", start)])).toEqual([1, 2]);
  });

  it("can be tried again at once where it has failed", async () => {
    const starts = new Starts(() => now);
    await expect(starts.once("quake", () => Promise.reject(new Error("no right")))).rejects.toThrow(
      "no right",
    );
    count = 0;
    expect(await starts.once("quake", start)).toBe(1);
  });
});
