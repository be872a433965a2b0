import { describe, expect, it } from "vitest";
import {
  MAX_OPEN_QUESTIONS,
  MAX_REFRESHES_PER_ROUND,
  MAX_SENT_BYTES,
  MISSING_ATTEMPTS,
} from "../../src/constants.ts";
import { encodePacket } from "../../src/dns/encode.ts";
import { address, pointer, service, serviceRecords, TYPE, text } from "../records.ts";
import { record, VirtualSegment } from "../virtual-segment.ts";

const OWN = "10.0.0.1";
const OTHER = "10.0.0.9";

async function browsing(advance = 0) {
  const segment = new VirtualSegment();
  const mdns = segment.host(OWN);
  await mdns.ready();
  const browser = mdns.browse(TYPE);
  const events = record(browser);
  await segment.clock.advanceAsync(advance);
  return { segment, mdns, browser, events };
}

/** Questions asked and when, as `PTR name`. */
function questions(segment: VirtualSegment): { at: number; text: string }[] {
  return segment.heard.flatMap(({ at, packet }) =>
    packet.response ? [] : packet.questions.map(({ type, name }) => ({ at, text: `${type} ${name}` })),
  );
}

describe("browsing", () => {
  it("asks often at first and ever more rarely, at most once a minute in the end", async () => {
    const { segment, mdns } = await browsing(300_000);
    const times = questions(segment).map(({ at }) => at);
    expect(times.slice(0, 7)).toEqual([70, 1_070, 3_070, 7_070, 15_070, 31_070, 63_070]);
    expect(times.slice(7)).toEqual([123_070, 183_070, 243_070]);
    await mdns.close();
  });

  it("tells what it knows, so that only the unknown answer", async () => {
    const { segment, mdns } = await browsing(500);
    segment.say({ response: true, answers: serviceRecords({ instance: "a" }) }, OTHER);
    await segment.clock.advanceAsync(1_000);
    const query = segment.heard.findLast(({ packet }) => !packet.response);
    expect(query?.packet.answers).toMatchObject([{ type: "PTR", target: `a.${TYPE}`, ttl: 4_499 }]);
    await mdns.close();
  });

  it("tells of itself too: its own question wakes no answer of its own", async () => {
    const { segment, mdns } = await browsing();
    mdns.advertise({ type: TYPE, instance: "me", port: 1, txt: {} });
    await segment.clock.advanceAsync(600_000);
    const answers = segment.heard.filter(({ packet }) => packet.response);
    // The two announcements.
    expect(answers).toHaveLength(2);
    await mdns.close();
  });

  it("ends with the last browser of a type", async () => {
    const { segment, mdns, browser } = await browsing(5_000);
    const second = mdns.browse(TYPE);
    browser.stop();
    await segment.clock.advanceAsync(5_000);
    second.stop();
    segment.heard.length = 0;
    await segment.clock.advanceAsync(300_000);
    expect(questions(segment)).toEqual([]);
    await mdns.close();
  });

  it("knows many peers in messages that fit", async () => {
    const { segment, mdns, browser } = await browsing(500);
    for (let at = 0; at < 400; at++) {
      const host = { instance: `peer-with-a-name-of-usual-length-${at}`, host: `h${at}.local` };
      segment.say({ response: true, answers: serviceRecords(host) }, `10.0.0.${10 + (at % 200)}`);
    }
    segment.heard.length = 0;
    await segment.clock.advanceAsync(2_000);
    expect(browser.instances()).toHaveLength(400);
    const queries = segment.heard.filter(({ packet }) => !packet.response).map(({ packet }) => packet);
    expect(queries.length).toBeGreaterThan(5);
    for (const packet of queries) expect(encodePacket(packet).length).toBeLessThanOrEqual(MAX_SENT_BYTES);
    expect(
      new Set(queries.flatMap(({ answers }) => answers.map((known) => JSON.stringify(known)))).size,
    ).toBe(400);
    await mdns.close();
  });
});

describe("an instance that came in parts", () => {
  it("is completed by questions for what lacks", async () => {
    const { segment, mdns, events } = await browsing(500);
    segment.heard.length = 0;
    segment.say({ response: true, answers: [pointer("a")] }, OTHER);
    await segment.clock.advanceAsync(250);
    expect(questions(segment).map((question) => question.text)).toEqual([`TXT a.${TYPE}`, `SRV a.${TYPE}`]);
    segment.say({ response: true, answers: [service("a"), text("a", { k: "v" })] }, OTHER);
    segment.heard.length = 0;
    await segment.clock.advanceAsync(250);
    expect(questions(segment).map((question) => question.text)).toEqual(["A a.local", "AAAA a.local"]);
    expect(events.lines).toEqual([]);
    segment.say({ response: true, answers: [address("a.local", OTHER)] }, OTHER);
    await segment.clock.advanceAsync(50);
    expect(events.lines).toEqual(["up a"]);
    await mdns.close();
  });

  it("is given up when nobody answers, and asked for anew when it comes again", async () => {
    const { segment, mdns } = await browsing(500);
    segment.say({ response: true, answers: [pointer("a")] }, OTHER);
    const asked = () => questions(segment).filter((question) => question.text.startsWith("SRV")).length;
    await segment.clock.advanceAsync(600_000);
    expect(asked()).toBe(MISSING_ATTEMPTS);
    segment.say({ response: true, answers: [pointer("a", 0)] }, OTHER);
    await segment.clock.advanceAsync(5_000);
    segment.say({ response: true, answers: [pointer("a")] }, OTHER);
    await segment.clock.advanceAsync(600_000);
    expect(asked()).toBe(2 * MISSING_ATTEMPTS);
    await mdns.close();
  });

  it("is not asked for where a flood of empty ones came: their number is bounded", async () => {
    const { segment, mdns, browser } = await browsing(500);
    segment.heard.length = 0;
    for (let from = 0; from < 40; from++) {
      const answers = Array.from({ length: 100 }, (_, at) => pointer(`f${from}-${at}`));
      segment.say({ response: true, answers }, `10.0.0.${100 + from}`);
    }
    await segment.clock.advanceAsync(600_000);
    const missing = questions(segment).filter((question) => !question.text.startsWith("PTR"));
    expect(missing.length).toBeGreaterThan(0);
    expect(missing.length).toBeLessThanOrEqual(MAX_OPEN_QUESTIONS * MISSING_ATTEMPTS);
    expect(browser.instances()).toEqual([]);
    await mdns.close();
  });
});

describe("a record about to expire", () => {
  it("is asked for, and lives on when answered", async () => {
    const { segment, mdns, events } = await browsing(0);
    const records = serviceRecords({ instance: "a" });
    segment.say({ response: true, answers: records }, OTHER);
    await segment.clock.advanceAsync(95_000);
    expect(questions(segment).filter(({ text }) => text.startsWith("SRV"))).toEqual([]);
    await segment.clock.advanceAsync(5_000);
    expect(questions(segment).filter(({ text }) => text.startsWith("SRV"))).toHaveLength(1);
    segment.say({ response: true, answers: records }, OTHER);
    await segment.clock.advanceAsync(100_000);
    expect(events.lines).toEqual(["up a"]);
    await mdns.close();
  });

  it("is asked for among others at a bounded rate, however many there are", async () => {
    const { segment, mdns } = await browsing(100);
    segment.heard.length = 0;
    // Eight machines fill the cache with records that live for a second, again and again.
    for (let round = 0; round < 12; round++) {
      for (let from = 10; from < 18; from++) {
        for (let part = 0; part < 20; part++) {
          const names = Array.from({ length: 50 }, (_, at) => `h${from}-${part}-${at}.local`);
          segment.say(
            { response: true, answers: names.map((name) => address(name, OTHER, 1)) },
            `10.0.0.${from}`,
          );
        }
      }
      await segment.clock.advanceAsync(900);
    }
    const asked = questions(segment).length;
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThanOrEqual(12 * 0.9 * 10 * MAX_REFRESHES_PER_ROUND + 10);
    await mdns.close();
  });

  it("is asked for four times, then its instance is down", async () => {
    const { segment, mdns, events } = await browsing(0);
    segment.say({ response: true, answers: serviceRecords({ instance: "a" }) }, OTHER);
    await segment.clock.advanceAsync(119_999);
    expect(events.lines).toEqual(["up a"]);
    expect(questions(segment).filter(({ text }) => text.startsWith("SRV"))).toHaveLength(4);
    expect(questions(segment).filter(({ text }) => text.startsWith("A "))).toHaveLength(4);
    await segment.clock.advanceAsync(100);
    expect(events.lines).toEqual(["up a", "down a"]);
    await mdns.close();
  });
});
