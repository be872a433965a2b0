import { describe, expect, it } from "vitest";
import { compareWithRunning } from "../src/link/contradiction.ts";

const running = {
  name: "attic",
  party: "lan",
  gamesDir: "/srv/games",
  addr: "192.168.1.20:4711",
  lanes: [4712, 4713],
};

describe("options beside a running peer", () => {
  it.each([
    [{}, undefined],
    [{ name: "attic", party: "lan", listen: "0.0.0.0:0" }, "/srv/games"],
    [{ listen: "0.0.0.0:4711" }, undefined],
    [{ lanes: 2 }, undefined],
  ])("%j agree with it", (flags, gamesDir) => {
    expect(compareWithRunning(flags, running, gamesDir)).toEqual({ contradictions: [], unseen: [] });
  });

  it.each([
    [{}, "/srv/other", "--games-dir says /srv/other, but the peer that runs here has /srv/games"],
    [{ name: "cellar" }, undefined, "--name says cellar, but the peer that runs here has attic"],
    [{ party: "finals" }, undefined, "--party says finals, but the peer that runs here has lan"],
    [{ listen: "0.0.0.0:4712" }, undefined, "--listen says 4712, but the peer that runs here has 4711"],
    [{ lanes: 0 }, undefined, "--lanes says 0, but the peer that runs here has 2"],
  ])("%j with games in %s contradict it", (flags, gamesDir, sentence) => {
    expect(compareWithRunning(flags, running, gamesDir).contradictions).toEqual([sentence]);
  });

  it("names what has no effect on it", () => {
    const flags = { catalog: "c.json", interface: ["127.0.0.1"], partyCa: "ca", unrar: "/usr/bin/unrar" };
    expect(compareWithRunning(flags, running, undefined).unseen).toEqual([
      "--catalog",
      "--interface",
      "--party-ca",
      "--unrar",
    ]);
  });
});
