import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_RECORDS, MAX_RECORDS_PER_SOURCE, MAX_TTL_S } from "../../src/constants.ts";
import type { DnsRecord } from "../../src/dns/records.ts";
import { isWanted, RecordCache } from "../../src/query/cache.ts";
import { address, pointer, service, TYPE, text } from "../records.ts";

const SOURCE = "10.0.0.9";
const newCache = () => new RecordCache(() => 0);
const ips = (cache: RecordCache, host = "h.local") =>
  cache.lookup(host, "A").map(({ record }) => record.address);

describe("a record", () => {
  it("lives as long as it says, to the millisecond", () => {
    const cache = newCache();
    expect(cache.put([address("h.local", "10.0.0.1", 120)], SOURCE, 1_000)).toBe(true);
    expect(cache.expire(120_999)).toBe(false);
    expect(ips(cache)).toEqual(["10.0.0.1"]);
    expect(cache.expire(121_000)).toBe(true);
    expect(ips(cache)).toEqual([]);
    expect(cache.size).toBe(0);
    expect(cache.nextTime()).toBe(Number.POSITIVE_INFINITY);
  });

  it("lives anew when it is heard again, which is no news", () => {
    const cache = newCache();
    cache.put([address("h.local", "10.0.0.1", 120)], SOURCE, 0);
    expect(cache.put([address("H.LOCAL", "10.0.0.1", 120)], SOURCE, 100_000)).toBe(false);
    cache.expire(219_999);
    expect(ips(cache)).toEqual(["10.0.0.1"]);
    cache.expire(220_000);
    expect(ips(cache)).toEqual([]);
  });

  it("of an address is vouched for when it came from there, at first or later", () => {
    const cache = newCache();
    const vouched = () => cache.lookup("h.local", "A").map((heard) => heard.vouched);
    expect(cache.put([address("h.local", "10.0.0.1")], SOURCE, 0)).toBe(true);
    expect(vouched()).toEqual([false]);
    expect(cache.put([address("h.local", "10.0.0.1")], "10.0.0.1", 1)).toBe(true);
    expect(vouched()).toEqual([true]);
    expect(cache.put([address("h.local", "10.0.0.1")], SOURCE, 2)).toBe(false);
    expect(vouched()).toEqual([true]);
    cache.put([address("h.local", SOURCE)], SOURCE, 3);
    expect(vouched()).toEqual([true, true]);
  });

  it("is asked for at 80, 85, 90 and 95 % of its life, each time once", () => {
    const cache = newCache();
    cache.put([address("h.local", "10.0.0.1", 100)], SOURCE, 0);
    const asked: number[] = [];
    for (let now = 0; now <= 100_000; now += 1_000) {
      for (const question of cache.takeRefreshes(now, 100)) {
        expect(question).toEqual({ name: "h.local", type: "A", unicast: false });
        asked.push(now);
      }
    }
    expect(asked).toEqual([80_000, 85_000, 90_000, 95_000]);
  });

  it("is asked for in the next round where one is full", () => {
    const cache = newCache();
    cache.put([address("a.local", "10.0.0.1"), address("a.local", "10.0.0.2")], SOURCE, 0);
    cache.put([address("b.local", "10.0.0.1"), address("c.local", "10.0.0.1")], SOURCE, 0);
    const asked = () => cache.takeRefreshes(96_000, 2).map(({ name }) => name);
    expect([asked(), asked(), asked()]).toEqual([["a.local", "b.local"], ["c.local"], []]);
  });

  it("ends a second after it was taken back, unless it comes again", () => {
    const cache = newCache();
    cache.put([address("h.local", "10.0.0.1"), address("h.local", "10.0.0.2")], SOURCE, 0);
    expect(cache.put([{ ...address("h.local", "10.0.0.1", 0), flush: false }], SOURCE, 5_000)).toBe(false);
    expect(cache.nextTime()).toBe(6_000);
    cache.put([{ ...address("h.local", "10.0.0.2", 0), flush: false }], SOURCE, 5_000);
    cache.put([{ ...address("h.local", "10.0.0.2"), flush: false }], SOURCE, 5_500);
    cache.expire(6_000);
    expect(ips(cache)).toEqual(["10.0.0.2"]);
  });

  it("that is taken back without having been known is not remembered", () => {
    const cache = newCache();
    expect(cache.put([address("h.local", "10.0.0.1", 0)], SOURCE, 0)).toBe(false);
    expect(cache.size).toBe(0);
  });

  it("lives no longer than a stranger may claim", () => {
    const cache = newCache();
    cache.put([address("h.local", "10.0.0.1", 0xffffffff)], SOURCE, 0);
    cache.expire(MAX_TTL_S * 1_000);
    expect(cache.size).toBe(0);
  });
});

describe("the cache-flush bit", () => {
  it("ends the older records of its set after a second, and no others", () => {
    const cache = newCache();
    cache.put([address("h.local", "10.0.0.1"), address("other.local", "10.0.0.3")], SOURCE, 0);
    cache.put([address("h.local", "10.0.0.2")], SOURCE, 5_000);
    expect(ips(cache)).toEqual(["10.0.0.1", "10.0.0.2"]);
    cache.expire(6_000);
    expect(ips(cache)).toEqual(["10.0.0.2"]);
    expect(ips(cache, "other.local")).toEqual(["10.0.0.3"]);
  });

  it("spares the records of the same message, and those of the second before", () => {
    const cache = newCache();
    cache.put([address("h.local", "10.0.0.1")], SOURCE, 0);
    cache.put([address("h.local", "10.0.0.2"), address("h.local", "10.0.0.3")], SOURCE, 1_000);
    cache.expire(3_000);
    expect(ips(cache)).toEqual(["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
  });

  it("makes the newer of two texts the one that counts", () => {
    const cache = newCache();
    const [one, two] = [text("a", { rev: "1" }), text("a", { rev: "2" })];
    cache.put([one], SOURCE, 0);
    expect(cache.put([two], SOURCE, 500)).toBe(true);
    const heard = cache.lookup(`a.${TYPE}`, "TXT");
    expect(heard.map(({ receivedAt }) => receivedAt)).toEqual([0, 500]);
    // Heard again, the older one is the newest: that is news.
    expect(cache.put([{ ...one, flush: false }], SOURCE, 600)).toBe(true);
  });
});

describe("known answers", () => {
  it("are those with more than half of their life left, with what is left of it", () => {
    const cache = newCache();
    cache.put([pointer("a", 100), pointer("b", 40)], SOURCE, 0);
    expect(cache.knownAnswers(TYPE, "PTR", 15_000)).toEqual([
      { ...pointer("a"), ttl: 85 },
      { ...pointer("b"), ttl: 25 },
    ]);
    expect(cache.knownAnswers(TYPE, "PTR", 20_000).map((record) => record.ttl)).toEqual([80]);
    expect(cache.knownAnswers(TYPE, "PTR", 50_000)).toEqual([]);
  });
});

describe("after a sleep", () => {
  it("everything is asked for half way and ends unless it is heard", () => {
    const cache = newCache();
    cache.put([pointer("a"), pointer("b")], SOURCE, 0);
    cache.reconfirm(60_000, 10_000);
    expect(cache.takeRefreshes(64_999, 100)).toEqual([]);
    expect(cache.takeRefreshes(65_000, 100)).toEqual([{ name: TYPE, type: "PTR", unicast: false }]);
    cache.put([pointer("b")], SOURCE, 66_000);
    cache.expire(70_000);
    expect(cache.lookup(TYPE, "PTR").map(({ record }) => record.target)).toEqual([`b.${TYPE}`]);
  });
});

describe("room", () => {
  const flood = (count: number, prefix = "h") =>
    Array.from({ length: count }, (_, at) => address(`${prefix}${at}.local`, "10.0.0.1"));

  it("for one sender is an eighth, so that others still find theirs", () => {
    const cache = newCache();
    cache.put(flood(MAX_RECORDS_PER_SOURCE * 3), "10.0.0.66", 0);
    expect(cache.size).toBe(MAX_RECORDS_PER_SOURCE);
    expect(cache.put([pointer("a")], "10.0.0.7", 0)).toBe(true);
  });

  it("is the same however many senders there are", () => {
    const cache = newCache();
    for (let host = 0; host < 20; host++)
      cache.put(flood(MAX_RECORDS_PER_SOURCE, `${host}x`), `10.0.0.${host}`, 0);
    expect(cache.size).toBe(MAX_RECORDS);
  });

  it("is given back by what expires", () => {
    const cache = newCache();
    cache.put(flood(MAX_RECORDS_PER_SOURCE), SOURCE, 0);
    expect(cache.put([pointer("a")], SOURCE, 1)).toBe(false);
    cache.expire(120_000);
    expect(cache.size).toBe(0);
    expect(cache.put([pointer("a")], SOURCE, 120_001)).toBe(true);
  });

  it("is not for texts beyond sense", () => {
    const cache = newCache();
    const strings = Array.from({ length: 9 }, () => new Uint8Array(255));
    cache.put([{ name: `a.${TYPE}`, type: "TXT", ttl: 120, flush: true, strings }], SOURCE, 0);
    expect(cache.size).toBe(0);
  });

  it("is counted right, whatever comes and goes", () => {
    const record = fc
      .record({
        host: fc.integer({ min: 0, max: 4 }),
        ip: fc.integer({ min: 0, max: 3 }),
        ttl: fc.constantFrom(0, 1, 5, 120),
        flush: fc.boolean(),
      })
      .map(({ host, ip, ttl, flush }): DnsRecord => ({ ...address(`h${host}`, `10.0.0.${ip}`, ttl), flush }));
    const step = fc.record({
      records: fc.array(record, { maxLength: 4 }),
      source: fc.integer({ min: 1, max: 3 }),
      wait: fc.integer({ min: 0, max: 3_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const cache = newCache();
        let now = 0;
        for (const { records, source, wait } of steps) {
          now += wait;
          cache.expire(now);
          cache.takeRefreshes(now, 100);
          cache.put(records, `10.0.0.${source}`, now);
          const seen = [0, 1, 2, 3, 4].flatMap((host) => cache.lookup(`h${host}`, "A"));
          expect(cache.size).toBe(seen.length);
          expect(cache.nextTime()).toBeGreaterThan(now);
        }
        cache.expire(now + 121_000);
        expect(cache.size).toBe(0);
      }),
    );
  });
});

describe("what is worth remembering", () => {
  const types = new Set([TYPE]);
  it.each<[string, DnsRecord, boolean]>([
    ["instances of a type that is looked for", pointer("a"), true],
    ["their SRV", service("A\\.b"), true],
    ["their TXT", text("a", {}), true],
    ["addresses, which may belong to them", address("h.local", "10.0.0.1"), true],
    ["instances of other types", { ...pointer("a"), name: "_y._udp.local" }, false],
    ["SRV of other types", { ...service("a"), name: "a._y._udp.local" }, false],
    ["TXT of no instance", { ...text("a", {}), name: TYPE }, false],
    ["TXT of a name without parent", { ...text("a", {}), name: "a" }, false],
  ])("%s", (_what, record, expected) => {
    expect(isWanted(record, types)).toBe(expected);
  });
});
