import { createVirtualLan, eventually } from "@lanspread/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AvahiHost, type AvahiInstance, avahiUnavailable } from "./avahi.ts";
import { Child, uniqueType } from "./processes.ts";

const unavailable = avahiUnavailable();
const title = (name: string) => (unavailable === undefined ? name : `${name} (skipped: ${unavailable})`);

describe.skipIf(unavailable !== undefined)(title("beside Avahi on another machine"), () => {
  const stack = new AsyncDisposableStack();
  let avahi: AvahiHost;
  let own: ReturnType<ReturnType<typeof createVirtualLan>["addHost"]>;
  let far: typeof own;

  beforeAll(async () => {
    const lan = stack.use(createVirtualLan());
    const wire = lan.addSwitch("10.77.9");
    [own, far] = [lan.addHost(wire), lan.addHost(wire)];
    avahi = stack.use(await AvahiHost.start(far));
  });
  afterAll(() => stack.disposeAsync());

  const start = (type: string, instance = "", txt: Record<string, string> = {}) =>
    new Child({ type, instance, txt, port: 4_433, wrap: own.command });
  const browsed = (type: string, match: (found: AvahiInstance[]) => boolean, what: string) =>
    eventually(() => match(avahi.browse(type)), { what, deadlineMs: 60_000, intervalMs: 100 });

  it("a service of ours is seen with address, port and text, then with its new text, then no more", async () => {
    const type = uniqueType();
    await using child = start(type, "Jörg's: one", { peer_id: "p1", library_rev: "1" });
    const found = await eventually(() => avahi.browse(type)[0], {
      what: "our service in avahi-browse",
      deadlineMs: 60_000,
    });
    expect(found).toMatchObject({
      protocol: "IPv4",
      instance: "Jörg's: one",
      host: expect.stringMatching(/\.local$/),
      address: own.address,
      port: 4_433,
    });
    expect([...found.txt].sort()).toEqual(["library_rev=1", "peer_id=p1"]);
    child.order({ update: { peer_id: "p1", library_rev: "2" } });
    await browsed(
      type,
      ([seen]) => seen?.txt.includes("library_rev=2") === true,
      "our new text in avahi-browse",
    );
    await child.close();
    await browsed(type, (seen) => seen.length === 0, "our service to leave avahi-browse");
  });

  it("a service of Avahi's is seen, seen with another text and port, and seen to go", async () => {
    const type = uniqueType();
    await using child = await start(type).ready();
    const stop = avahi.publish("Jörg's: two", type, 5_555, "rev=1", "name=two");
    expect(await child.event("up", "Jörg's: two")).toMatchObject({
      host: `${far.name}.local`,
      port: 5_555,
      txt: { rev: "1", name: "two" },
      addresses: expect.arrayContaining([expect.objectContaining({ address: far.address, family: "IPv4" })]),
    });
    await stop();
    const again = avahi.publish("Jörg's: two", type, 6_666, "rev=2");
    await child.line(
      ({ event, port, txt }) => event !== "down" && port === 6_666 && txt?.["rev"] === "2",
      "the new text and port",
    );
    const before = child.lines.length;
    await again();
    await child.event("down", "Jörg's: two", before);
  });

  it("both find each other when either was there first", async () => {
    const type = uniqueType();
    avahi.publish("first", type, 1_111);
    await browsed(type, (seen) => seen.some(({ instance }) => instance === "first"), "Avahi's own service");
    await using child = start(type, "second");
    expect(await child.event("up", "first")).toMatchObject({ port: 1_111, txt: {} });
    await browsed(
      type,
      (seen) => ["first", "second"].every((name) => seen.some(({ instance }) => instance === name)),
      "both services in avahi-browse",
    );
  });
});

describe.skipIf(unavailable !== undefined)(title("beside Avahi on the same machine"), () => {
  it("share the port: each sees its own network's services, and each other's", async () => {
    const type = uniqueType();
    using lan = createVirtualLan();
    const wire = lan.addSwitch("10.77.10");
    const [shared, other] = [lan.addHost(wire), lan.addHost(wire)];
    await using avahi = await AvahiHost.start(shared);
    await using far = await new Child({ type, instance: "far", wrap: other.command }).ready();
    await using near = await new Child({ type, instance: "near", wrap: shared.command }).ready();
    avahi.publish("avahi", type, 1_111, "k=v");
    for (const child of [near, far])
      expect(await child.event("up", "avahi")).toMatchObject({ txt: { k: "v" } });
    await near.event("up", "far");
    await far.event("up", "near");
    const names = () => new Set(avahi.browse(type).map(({ instance }) => instance));
    await expect.poll(names, { timeout: 60_000 }).toEqual(new Set(["avahi", "near", "far"]));
    await near.close();
    await far.event("down", "near");
    await expect.poll(names, { timeout: 60_000 }).toEqual(new Set(["avahi", "far"]));
  });
});
