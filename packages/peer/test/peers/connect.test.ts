import { networkInterfaces } from "node:os";
import { formatListenAddress } from "@lanspread/proto";
import { eventually } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { startRawPeer } from "./raw-peer.ts";
import { game, library, startTestPeer, types } from "./support.ts";

describe("connect", () => {
  it("an address that somebody else claims to have finds who really is there", async () => {
    await using a = await startTestPeer();
    await using b = await startTestPeer({ name: "b" });
    await using liar = await startRawPeer();
    liar.answerWith(() => ({ type: "pong" }));
    const { channel } = await liar.dial(a.port);
    await channel.request(liar.hello({ listen_addr: b.addr }));
    expect(a.mesh.peers()).toMatchObject([{ peerId: liar.identity.peerId, addr: b.addr }]);
    expect(await a.mesh.connect(b.addr)).toBe(b.peerId);
    // And who is there already is not dialled again.
    expect(await a.mesh.connect(b.addr)).toBe(b.peerId);
    expect(b.served.filter(({ type }) => type === "hello")).toHaveLength(1);
  });

  it("makes both sides know each other's whole library after one exchange", async () => {
    await using a = await startTestPeer({ name: "a", library: library(3, game("ggoo")) });
    await using b = await startTestPeer({ name: "b", library: library(5, game("ggoo"), game("bf1942")) });

    expect(await a.mesh.connect(b.addr)).toBe(b.peerId);

    expect(a.mesh.peers()).toEqual([
      { peerId: b.peerId, name: "b", addr: b.addr, libraryRev: 5, gameCount: 2 },
    ]);
    expect(b.mesh.peers()).toEqual([
      { peerId: a.peerId, name: "a", addr: a.addr, libraryRev: 3, gameCount: 1 },
    ]);
    expect(a.mesh.games().map(({ id, peerCount }) => [id, peerCount])).toEqual([
      ["bf1942", 1],
      ["ggoo", 1],
    ]);
    for (const { events } of [a, b]) {
      expect(types(events)).toEqual(["peer-discovered", "peer-count-updated", "remote-games-changed"]);
    }
    expect(a.served).toEqual([]);
    expect(b.served).toEqual([{ type: "hello", from: a.peerId }]);
  });

  it("waits for a peer that does not answer yet, and tells it what there is by then", async () => {
    await using a = await startTestPeer();
    await using b = await startTestPeer({ start: false });
    const joined = a.mesh.connect(b.addr);
    await eventually(() => b.endpoint.stats().connections === 1 && b.endpoint.stats().halfOpen === 0);
    b.publish(library(2, game("ggoo")));
    await b.start();
    expect(await joined).toBe(b.peerId);
    expect(a.mesh.peers()).toMatchObject([{ peerId: b.peerId, libraryRev: 2, gameCount: 1 }]);
  });

  it("before the start: what the other side asks meanwhile is answered behind it", async () => {
    const { id } = game("ggoo");
    await using a = await startTestPeer({ library: library(1, game("ggoo")), start: false });
    await using b = await startTestPeer();
    await a.mesh.connect(b.addr);
    const [candidate] = b.mesh.candidates(id);
    const answer = candidate?.channel.request({ type: "list_games" });
    // That has come when the pong has, which is asked for again: b sends it later.
    await a.mesh.connect(b.addr);
    expect(b.served.map(({ type }) => type)).toEqual(["hello", "ping"]);
    await a.start();
    expect(await answer).toEqual({ type: "games", snapshot: library(1, game("ggoo")) });
  });

  it("gives both sides a channel over the one connection", async () => {
    await using a = await startTestPeer({ library: library(1, game("ggoo")) });
    await using b = await startTestPeer({ library: library(1, game("ggoo")) });
    await a.mesh.connect(b.addr);
    for (const { mesh } of [a, b]) {
      const [candidate] = mesh.candidates(game("ggoo").id);
      const answer = await candidate?.channel.request({ type: "list_games" });
      expect(answer).toEqual({ type: "games", snapshot: library(1, game("ggoo")) });
    }
    expect([a, b].map(({ endpoint }) => endpoint.stats().connections)).toEqual([1, 1]);
  });

  it("has everything applied when the first event comes", async () => {
    await using a = await startTestPeer({ library: library(1, game("ggoo")) });
    await using b = await startTestPeer({ library: library(1, game("ggoo")) });
    const seen: unknown[] = [];
    for (const { mesh } of [a, b]) {
      mesh.onEvent(({ type }) => {
        const candidates = mesh.candidates(game("ggoo").id).length;
        seen.push([type, mesh.peers().length, mesh.games().length, candidates]);
      });
    }
    await a.mesh.connect(b.addr);
    const each = ["peer-discovered", "peer-count-updated", "remote-games-changed"];
    expect(seen).toEqual([...each, ...each].map((type) => [type, 1, 1, 1]));
  });

  it("to a peer that is connected already is answered from the connection there is", async () => {
    await using a = await startTestPeer();
    await using b = await startTestPeer();
    await a.mesh.connect(b.addr);
    expect(await a.mesh.connect(b.addr)).toBe(b.peerId);
    expect(b.served.map(({ type }) => type)).toEqual(["hello", "ping"]);
    expect(a.endpoint.stats().connections).toBe(1);
  });

  it("refuses its own address before anything is sent", async () => {
    await using a = await startTestPeer();
    await expect(a.mesh.connect(a.addr)).rejects.toMatchObject({ code: "self-connect" });
    await using wide = await startTestPeer({ host: "0.0.0.0" });
    const own = Object.values(networkInterfaces())
      .flatMap((all) => all ?? [])
      .filter(({ family }) => family === "IPv4")
      .map(({ address }) => address);
    for (const host of [...own, "127.1.2.3", "0.0.0.0"]) {
      const addr = formatListenAddress({ host, port: wide.port });
      await expect(wide.mesh.connect(addr)).rejects.toMatchObject({ code: "self-connect" });
    }
    expect([a, wide].map(({ endpoint }) => endpoint.stats().datagramsSent)).toEqual([0, 0]);
  });

  it("refuses itself by its id where the address does not show it", async () => {
    await using a = await startTestPeer();
    await using twin = await startTestPeer({ identity: a.identity });
    await expect(a.mesh.connect(twin.addr)).rejects.toMatchObject({ code: "self-connect" });
    expect(a.mesh.peers()).toEqual([]);
    expect(twin.mesh.peers()).toEqual([]);
    expect(twin.served).toEqual([]);
    expect(a.events).toEqual([]);
  });

  it.each(["", "127.0.0.1", "localhost:4000", "127.0.0.1:0", "127.0.0.1:65536", "[::1]4000"])(
    "refuses %j, which is no address",
    async (addr) => {
      await using a = await startTestPeer();
      await expect(a.mesh.connect(addr)).rejects.toMatchObject({ code: "bad-request" });
    },
  );

  it("says when nobody answers, and names the address", async () => {
    await using a = await startTestPeer();
    await using silent = await startRawPeer();
    const { port } = silent.endpoint.address;
    await silent.endpoint.close();
    const failed = a.mesh.connect(`127.0.0.1:${port}`);
    await expect(failed).rejects.toMatchObject({ code: "connect-failed" });
    await expect(failed).rejects.toThrow(`127.0.0.1:${port}`);
  });

  it("says when an address is of a family that it does not listen on", async () => {
    await using a = await startTestPeer();
    await expect(a.mesh.connect("[::1]:4000")).rejects.toMatchObject({ code: "connect-failed" });
  });

  it("can be cancelled, and ends when the mesh stops", async () => {
    await using a = await startTestPeer();
    await using silent = await startRawPeer();
    silent.answerWith(() => null);
    const addr = formatListenAddress(silent.endpoint.address);
    const controller = new AbortController();
    const cancelled = expect(a.mesh.connect(addr, { signal: controller.signal })).rejects.toMatchObject({
      code: "cancelled",
    });
    const stopped = expect(a.mesh.connect(addr)).rejects.toMatchObject({ code: "shutting-down" });
    await eventually(() => a.endpoint.stats().connections === 2);
    controller.abort();
    await cancelled;
    await a.mesh.stop();
    await stopped;
    await expect(a.mesh.connect(addr)).rejects.toMatchObject({ code: "shutting-down" });
  });
});
