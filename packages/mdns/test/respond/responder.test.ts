import { describe, expect, it } from "vitest";
import {
  HOST_TTL_S,
  MAX_LEGACY_ANSWERS_PER_S,
  MAX_WAITING_QUERIES,
  OTHER_TTL_S,
} from "../../src/constants.ts";
import type { DnsRecord, Question } from "../../src/dns/records.ts";
import { decodeTxt } from "../../src/dns/txt.ts";
import type { Advertisement, Mdns } from "../../src/index.ts";
import { pointer, TYPE } from "../records.ts";
import { VirtualSegment } from "../virtual-segment.ts";

const HOST = "10.0.0.1";
const ASKER = "10.0.0.2";
const ask = (name: string, type: Question["type"] = "PTR"): Question => ({ name, type, unicast: false });

/** One machine with one service, its announcements over. */
async function advertised(): Promise<{ segment: VirtualSegment; mdns: Mdns; own: Advertisement }> {
  const segment = new VirtualSegment();
  const mdns = segment.host(HOST);
  await mdns.ready();
  const own = mdns.advertise({ type: TYPE, instance: "one", port: 4_433, txt: { rev: "1" }, hostname: "h" });
  await segment.clock.advanceAsync(5_000);
  segment.heard.length = 0;
  return { segment, mdns, own };
}

/** Answers and their times, since `from`. */
function answersOf(segment: VirtualSegment): { at: number; types: string }[] {
  return segment.heard
    .filter(({ packet, from }) => packet.response && from.address === HOST)
    .map(({ at, packet }) => ({ at, types: packet.answers.map(({ type }) => type).join(" ") }));
}

const revs = (records: readonly DnsRecord[]) =>
  records.flatMap((entry) => (entry.type === "TXT" ? [decodeTxt(entry.strings)["rev"]] : []));

describe("a service", () => {
  it("is announced whole, twice, a second apart", async () => {
    const segment = new VirtualSegment();
    const mdns = segment.host(HOST);
    await mdns.ready();
    mdns.advertise({ type: TYPE, instance: "one", port: 4_433, txt: {}, hostname: "h" });
    await segment.clock.advanceAsync(60_000);
    expect(answersOf(segment)).toEqual([
      { at: 0, types: "PTR SRV TXT A PTR" },
      { at: 1_000, types: "PTR SRV TXT A PTR" },
    ]);
    const [first] = segment.heard;
    expect(first?.packet.answers.map(({ ttl, flush }) => [ttl, flush])).toEqual([
      [OTHER_TTL_S, false],
      [HOST_TTL_S, true],
      [OTHER_TTL_S, true],
      [HOST_TTL_S, true],
      [OTHER_TTL_S, false],
    ]);
    await mdns.close();
  });

  it("is answered for after a short random wait, where others might answer too, with all that comes next", async () => {
    const { segment, mdns } = await advertised();
    segment.say({ questions: [ask(TYPE)] }, ASKER);
    await segment.clock.advanceAsync(1_000);
    expect(answersOf(segment)).toEqual([{ at: 5_070, types: "PTR" }]);
    expect(segment.heard.at(-1)?.packet.additionals.map(({ type }) => type)).toEqual(["SRV", "TXT", "A"]);
    await mdns.close();
  });

  it("is answered for at once, where only its owner can", async () => {
    const { segment, mdns } = await advertised();
    segment.say({ questions: [ask(`one.${TYPE}`, "SRV")] }, ASKER);
    await segment.clock.advanceAsync(0);
    expect(answersOf(segment)).toEqual([{ at: 5_000, types: "SRV" }]);
    await mdns.close();
  });

  it("is not repeated to who knows it", async () => {
    const { segment, mdns } = await advertised();
    segment.say({ questions: [ask(TYPE)], answers: [pointer("one", 4_000)] }, ASKER);
    await segment.clock.advanceAsync(2_000);
    expect(answersOf(segment)).toEqual([]);
    await mdns.close();
  });

  it("is not repeated to who says so in a second message", async () => {
    const { segment, mdns } = await advertised();
    segment.say({ questions: [ask(TYPE)], truncated: true, answers: [pointer("two")] }, ASKER);
    await segment.clock.advanceAsync(300);
    segment.say({ answers: [pointer("one")] }, ASKER);
    await segment.clock.advanceAsync(2_000);
    expect(answersOf(segment)).toEqual([]);
    // Without that second message it is.
    segment.say({ questions: [ask(TYPE)], truncated: true }, ASKER);
    await segment.clock.advanceAsync(2_000);
    expect(answersOf(segment)).toEqual([{ at: 7_300 + 450 + 70, types: "PTR" }]);
    await mdns.close();
  });

  it("is sent at most once a second, however many ask", async () => {
    const { segment, mdns } = await advertised();
    for (let now = 0; now < 5_000; now += 10) {
      for (let asker = 2; asker < 6; asker++)
        segment.say(
          { questions: [ask(TYPE), ask(`one.${TYPE}`, "ANY"), ask("h.local", "A")] },
          `10.0.0.${asker}`,
        );
      await segment.clock.advanceAsync(10);
    }
    await segment.clock.advanceAsync(5_000);
    const pointers = answersOf(segment).filter(({ types }) => types.includes("PTR"));
    expect(pointers.length).toBeGreaterThanOrEqual(5);
    expect(pointers.length).toBeLessThanOrEqual(6);
    expect(answersOf(segment).length).toBeLessThanOrEqual(18);
    await mdns.close();
  });

  it("is defended against who probes for its name, within 250 ms of the last time", async () => {
    const { segment, mdns } = await advertised();
    const question = ask(`one.${TYPE}`, "ANY");
    segment.say({ questions: [question] }, ASKER);
    await segment.clock.advanceAsync(100);
    expect(answersOf(segment)).toEqual([{ at: 5_000, types: "SRV TXT" }]);
    // An authority section is what makes it a probe; the encoder of this package has none to write.
    const bytes = Uint8Array.from([
      ...[0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0],
      ...[...Buffer.from("\x03one\x02_x\x04_udp\x05local\x00"), 0, 255, 0, 1],
      ...[0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 120, 0, 1, 0],
    ]);
    segment.deliver(bytes, { address: ASKER, port: 5_353 });
    expect(segment.heard.at(-1)?.packet.probe).toBe(true);
    await segment.clock.advanceAsync(1_000);
    expect(answersOf(segment)[1]).toEqual({ at: 5_250, types: "SRV TXT" });
    await mdns.close();
  });

  it("answers a plain DNS program alone, and not too many of them", async () => {
    const { segment, mdns } = await advertised();
    for (let at = 0; at < 500; at++) segment.say({ id: at, questions: [ask(TYPE)] }, ASKER, 40_000);
    await segment.clock.advanceAsync(500);
    const answers = segment.heard.filter(({ packet }) => packet.response);
    expect(answers).toHaveLength(MAX_LEGACY_ANSWERS_PER_S);
    expect(answers[0]).toMatchObject({
      to: { address: ASKER, port: 40_000 },
      packet: { id: 0, questions: [ask(TYPE)], answers: [{ type: "PTR", ttl: 10 }] },
    });
    await segment.clock.advanceAsync(1_000);
    segment.say({ id: 1, questions: [ask(TYPE)] }, ASKER, 40_000);
    await segment.clock.advanceAsync(0);
    expect(segment.heard.filter(({ packet }) => packet.response)).toHaveLength(MAX_LEGACY_ANSWERS_PER_S + 1);
    await mdns.close();
  });

  it("keeps no more truncated questions than it has room for", async () => {
    const { segment, mdns } = await advertised();
    const before = segment.clock.pending;
    for (let asker = 0; asker < 250; asker++)
      segment.say({ questions: [ask("none.local", "A")], truncated: true }, `10.0.0.${asker}`);
    expect(segment.clock.pending - before).toBeLessThanOrEqual(MAX_WAITING_QUERIES);
    await segment.clock.advanceAsync(1_000);
    expect(segment.clock.pending).toBeLessThanOrEqual(before);
    await mdns.close();
  });

  it("says nothing to questions about others", async () => {
    const { segment, mdns } = await advertised();
    segment.say(
      { questions: [ask("_y._udp.local"), ask("other.local", "A"), ask(`two.${TYPE}`, "SRV")] },
      ASKER,
    );
    segment.say({ questions: [ask("_y._udp.local")] }, ASKER, 40_000);
    await segment.clock.advanceAsync(2_000);
    expect(answersOf(segment)).toEqual([]);
    await mdns.close();
  });

  it("says nothing to who is on another network", async () => {
    const { segment, mdns } = await advertised();
    segment.say({ questions: [ask(TYPE)] }, "192.168.7.7");
    segment.say({ questions: [ask(TYPE)] }, "8.8.8.8", 53);
    await segment.clock.advanceAsync(2_000);
    expect(answersOf(segment)).toEqual([]);
    await mdns.close();
  });
});

describe("a new text", () => {
  it("is announced at once, and once more", async () => {
    const { segment, mdns, own } = await advertised();
    own.update({ rev: "2" });
    await segment.clock.advanceAsync(10_000);
    expect(answersOf(segment)).toEqual([
      { at: 5_000, types: "TXT" },
      { at: 6_000, types: "TXT" },
    ]);
    expect(segment.heard.flatMap(({ packet }) => revs(packet.answers))).toEqual(["2", "2"]);
    await mdns.close();
  });

  it("that changes often is sent once a second, with the newest content, and the last is never lost", async () => {
    const { segment, mdns, own } = await advertised();
    for (let rev = 2; rev <= 101; rev++) {
      own.update({ rev: String(rev) });
      await segment.clock.advanceAsync(25);
    }
    await segment.clock.advanceAsync(10_000);
    const answers = answersOf(segment);
    for (const [at, answer] of answers.entries())
      if (at > 0) expect(answer.at - (answers[at - 1]?.at ?? 0)).toBeGreaterThanOrEqual(1_000);
    expect(answers.length).toBeLessThanOrEqual(5);
    expect(revs(segment.heard.at(-1)?.packet.answers ?? [])).toEqual(["101"]);
    await mdns.close();
  });

  it("that does not fit is refused, and the old one stays", async () => {
    const { segment, mdns, own } = await advertised();
    expect(() => own.update({ rev: "x".repeat(300) })).toThrow(RangeError);
    segment.say({ questions: [ask(`one.${TYPE}`, "TXT")] }, ASKER);
    await segment.clock.advanceAsync(100);
    expect(revs(segment.heard.at(-1)?.packet.answers ?? [])).toEqual(["1"]);
    await mdns.close();
  });

  it("after the end is nothing", async () => {
    const { segment, mdns, own } = await advertised();
    await own.stop();
    segment.heard.length = 0;
    own.update({ rev: "3" });
    await own.stop();
    await segment.clock.advanceAsync(5_000);
    expect(answersOf(segment)).toEqual([]);
    await mdns.close();
  });
});

describe("the end of a service", () => {
  it("takes back all that is its own, and not the type, which others may have", async () => {
    const { segment, mdns, own } = await advertised();
    await own.stop();
    expect(segment.heard.map(({ packet }) => packet.answers.map(({ type, ttl }) => [type, ttl]))).toEqual([
      [
        ["PTR", 0],
        ["SRV", 0],
        ["TXT", 0],
        ["A", 0],
      ],
    ]);
    await mdns.close();
  });

  it("leaves the host to another service that needs it", async () => {
    const { segment, mdns, own } = await advertised();
    mdns.advertise({ type: TYPE, instance: "two", port: 4_434, txt: {}, hostname: "H" });
    await segment.clock.advanceAsync(5_000);
    segment.heard.length = 0;
    await own.stop();
    expect(segment.heard[0]?.packet.answers.map(({ type }) => type)).toEqual(["PTR", "SRV", "TXT"]);
    segment.heard.length = 0;
    await mdns.close();
    expect(segment.heard[0]?.packet.answers.map(({ type }) => type)).toEqual(["PTR", "SRV", "TXT", "A"]);
  });

  it("cancels what was still to be announced", async () => {
    const segment = new VirtualSegment();
    const mdns = segment.host(HOST);
    await mdns.ready();
    const own = mdns.advertise({ type: TYPE, instance: "one", port: 4_433, txt: {} });
    own.update({ rev: "2" });
    await own.stop();
    segment.heard.length = 0;
    await segment.clock.advanceAsync(10_000);
    expect(answersOf(segment)).toEqual([]);
    await mdns.close();
  });
});
