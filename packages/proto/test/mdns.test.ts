import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Announcement,
  asPeerId,
  encodeAnnouncement,
  MAX_NAME_LENGTH,
  MAX_SAFE_COUNT,
  MAX_TXT_STRING_BYTES,
  parseAnnouncement,
  SERVICE_TYPE,
} from "../src/index.ts";

const ANNOUNCEMENT: Announcement = {
  peer_id: asPeerId("0f0e0d0c-0b0a-8908-8706-050403020100"),
  proto_ver: 5,
  library_rev: 17,
  party: "lan",
  name: "Ännes PC",
};
const TXT = {
  peer_id: "0f0e0d0c-0b0a-8908-8706-050403020100",
  proto_ver: "5",
  library_rev: "17",
  party: "lan",
  name: "Ännes PC",
};

it("is announced as a service of its own", () => {
  expect(SERVICE_TYPE).toBe("_lanspread._udp.local");
});

it("has these keys, and hostname where there is one", () => {
  expect(encodeAnnouncement(ANNOUNCEMENT)).toEqual(TXT);
  expect(encodeAnnouncement({ ...ANNOUNCEMENT, hostname: "pc-7" })).toEqual({ ...TXT, hostname: "pc-7" });
  expect(parseAnnouncement({ ...TXT, hostname: "pc-7" })).toEqual({ ...ANNOUNCEMENT, hostname: "pc-7" });
});

it("leaves a hostname out that does not fit, and keeps the rest", () => {
  const longest = "h".repeat(MAX_TXT_STRING_BYTES - "hostname=".length);
  expect(encodeAnnouncement({ ...ANNOUNCEMENT, hostname: longest })).toEqual({ ...TXT, hostname: longest });
  for (const hostname of [`${longest}h`, "", "a\nb"]) {
    expect(encodeAnnouncement({ ...ANNOUNCEMENT, hostname })).toEqual(TXT);
  }
});

it("goes there and back, each string within its limit", () => {
  const name = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: MAX_NAME_LENGTH })
    .filter((text) => text.length <= MAX_NAME_LENGTH && text.isWellFormed() && !/\p{Cc}/u.test(text));
  const announcement = fc.record(
    {
      peer_id: fc.constant(ANNOUNCEMENT.peer_id),
      proto_ver: fc.maxSafeNat(),
      library_rev: fc.maxSafeNat(),
      party: name,
      name,
      hostname: fc.stringMatching(/^[a-z0-9.-]{1,100}$/),
    },
    { requiredKeys: ["peer_id", "proto_ver", "library_rev", "party", "name"] },
  );
  fc.assert(
    fc.property(announcement, (value) => {
      const txt = encodeAnnouncement(value as Announcement);
      for (const [key, text] of Object.entries(txt)) {
        expect(Buffer.byteLength(`${key}=${text}`)).toBeLessThanOrEqual(MAX_TXT_STRING_BYTES);
      }
      expect(parseAnnouncement(txt)).toEqual(value);
    }),
  );
});

it("ignores keys that it does not know, as RFC 6763 demands", () => {
  expect(parseAnnouncement({ ...TXT, txtvers: "1", color: "blue" })).toEqual(ANNOUNCEMENT);
});

it("reads the version and the revision of any other wire, too: who cannot talk is shown, not dropped", () => {
  expect(parseAnnouncement({ ...TXT, proto_ver: "4" })?.proto_ver).toBe(4);
  expect(parseAnnouncement({ ...TXT, library_rev: String(MAX_SAFE_COUNT) })?.library_rev).toBe(
    MAX_SAFE_COUNT,
  );
});

describe("is none", () => {
  it.each(Object.keys(TXT))("without %s", (key) => {
    const rest: Record<string, string> = { ...TXT };
    delete rest[key];
    expect(parseAnnouncement(rest)).toBeNull();
  });

  it.each([
    ["peer_id", "me"],
    ["peer_id", TXT.peer_id.toUpperCase()],
    ["proto_ver", ""],
    ["proto_ver", "five"],
    ["proto_ver", "05"],
    ["proto_ver", "5.0"],
    ["proto_ver", "-5"],
    ["library_rev", "9007199254740992"],
    ["library_rev", "1e3"],
    ["party", ""],
    ["party", "x".repeat(MAX_NAME_LENGTH + 1)],
    ["name", "a\u001b[2J"],
    ["name", "\ud800"],
    ["hostname", ""],
  ])("with %s %j", (key, text) => {
    expect(parseAnnouncement({ ...TXT, [key]: text })).toBeNull();
  });

  it("whatever garbage a record holds", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), (txt) => {
        expect(parseAnnouncement(txt)).toBeNull();
      }),
    );
  });
});
