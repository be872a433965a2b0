import { formatListenAddress } from "@lanspread/proto";
import { createVirtualClock, eventually } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { createPartyCa } from "../../src/identity/index.ts";
import { startRawPeer } from "./raw-peer.ts";
import { game, library, makeIdentity, startTestPeer } from "./support.ts";

describe("who may not join", () => {
  it("a peer of another party's CA: refused by TLS, on either side", async () => {
    await using a = await startTestPeer();
    const other = await createPartyCa({ name: "other" });
    await using b = await startTestPeer({ identity: await makeIdentity(other) });
    await expect(a.mesh.connect(b.addr)).rejects.toMatchObject({ code: "wrong-party" });
    await expect(b.mesh.connect(a.addr)).rejects.toMatchObject({ code: "wrong-party" });
    expect([...a.mesh.peers(), ...b.mesh.peers()]).toEqual([]);
    expect([...a.served, ...b.served]).toEqual([]);
  });

  it("a peer of another party's name: refused by the hello, and shown", async () => {
    await using a = await startTestPeer();
    await using b = await startTestPeer({ party: "other" });
    await expect(a.mesh.connect(b.addr)).rejects.toMatchObject({ code: "wrong-party" });
    expect(b.events).toEqual([
      {
        type: "peer-incompatible",
        peerId: a.peerId,
        addr: formatListenAddress(a.endpoint.address),
        reason: "belongs to the party test, not other",
      },
    ]);
    await expect(a.mesh.connect(b.addr)).rejects.toMatchObject({ code: "wrong-party" });
    expect(b.events).toHaveLength(1);
    expect([...a.mesh.peers(), ...b.mesh.peers()]).toEqual([]);
  });

  it("a peer of another protocol version: refused by TLS", async () => {
    await using a = await startTestPeer();
    await using old = await startTestPeer({ alpn: "lanspread/4" });
    await expect(a.mesh.connect(old.addr)).rejects.toMatchObject({ code: "incompatible-peer" });
    await expect(old.mesh.connect(a.addr)).rejects.toMatchObject({ code: "incompatible-peer" });
  });

  it("a hello of another protocol version: refused, and shown", async () => {
    await using a = await startTestPeer();
    await using old = await startRawPeer();
    const { channel } = await old.dial(a.port);
    expect(await channel.request(old.hello({ proto_ver: 4 }))).toMatchObject({
      type: "error",
      code: "unsupported_version",
    });
    expect(a.events).toMatchObject([
      {
        type: "peer-incompatible",
        peerId: old.identity.peerId,
        reason: expect.stringContaining("version 4"),
      },
    ]);
    expect(a.mesh.peers()).toEqual([]);
  });

  it.each([
    ["another version", { proto_ver: 6 }, "incompatible-peer"],
    ["another party", { party: "other" }, "wrong-party"],
    ["another's id", { peer_id: "12345678-0000-8000-8000-000000000000" as never }, "connect-failed"],
  ])("an answer to the hello that names %s", async (_, changes, code) => {
    // Time stands still: what closes the connection is the refusal, not its deadline.
    await using a = await startTestPeer({ clock: createVirtualClock() });
    await using raw = await startRawPeer();
    raw.answerWith(() => ({ ...raw.hello(changes), type: "hello_ack" }));
    const failed = a.mesh.connect(formatListenAddress(raw.endpoint.address));
    await expect(failed).rejects.toMatchObject({ code });
    expect(a.mesh.peers()).toEqual([]);
    expect(a.events).toEqual([]);
    await eventually(() => a.endpoint.stats().connections === 0);
  });

  it("an impostor that claims another's id: refused, the other one stays as it is", async () => {
    await using a = await startTestPeer();
    await using b = await startTestPeer({ library: library(5, game("ggoo")) });
    await a.mesh.connect(b.addr);
    const before = [...a.mesh.peers()];
    const { length } = a.events;
    await using impostor = await startRawPeer();
    const { channel } = await impostor.dial(a.port);
    expect(await channel.request(impostor.hello({ peer_id: b.peerId }))).toMatchObject({
      code: "wrong_peer",
    });
    expect(await channel.request({ type: "goodbye", peer_id: b.peerId })).toMatchObject({
      code: "wrong_peer",
    });
    expect(await channel.request(impostor.hello({ peer_id: a.peerId }))).toMatchObject({ type: "error" });
    expect(a.mesh.peers()).toEqual(before);
    expect(a.events.slice(length)).toEqual([]);
  });

  it("who says nothing is closed after a while", async () => {
    const clock = createVirtualClock();
    await using a = await startTestPeer({ clock });
    await using raw = await startRawPeer();
    const { connection } = await raw.dial(a.port);
    await eventually(() => clock.pending > 0);
    clock.advance(10_000);
    expect(await connection.closed).toMatchObject({ byPeer: true, app: true, reason: "no hello" });
    expect(clock.pending).toBe(0);
  });

  it("who has not said hello is served nothing", async () => {
    await using a = await startTestPeer({ library: library(1, game("ggoo")) });
    await using raw = await startRawPeer();
    const { channel } = await raw.dial(a.port);
    expect(await channel.request({ type: "list_games" })).toMatchObject({ type: "error" });
    await channel.request(raw.hello());
    expect(await channel.request({ type: "list_games" })).toMatchObject({ type: "games" });
  });
});
