import { asGameId, asPeerId, type GameVersion, type ListedGame } from "@lanspread/proto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { DesktopSnapshot, OperationProgress, PartyView } from "../../protocol/snapshot.ts";
import { partyView } from "../../shell/session/party-view.ts";
import { filterRows, gridRows } from "../../ui/src/party/grid-rows.ts";
import { signOf } from "../../ui/src/party/sign-of.ts";
import { rateIn, rateOut, ratesByPeer, transfersOf } from "../../ui/src/party/transfers-of.ts";
import { createRenewal } from "../../ui/src/shared/renewal.ts";
import { isNewer, newestOf } from "../../ui/src/shared/versions.ts";

const ADA = asPeerId("00000000-0000-8000-8000-00000000000a");
const BOB = asPeerId("00000000-0000-8000-8000-00000000000b");
const [QUAKE, DOOM] = [asGameId("quake"), asGameId("doom")];
const version = (text: string): GameVersion => text as GameVersion;

function game(id: typeof QUAKE, own: Partial<ListedGame> = {}): ListedGame {
  const none = { version: null, size: 0, downloaded: false, installed: false, localVersion: null };
  return { id, name: id, ...none, availability: null, peerCount: 0, operation: null, ...own };
}

describe("versions", () => {
  it.each([
    ["20240101", "20231231", true],
    ["10", "9", true],
    ["010", "9", true],
    ["9", "10", false],
    ["0010", "10", false],
    ["123456789012345678901", "123456789012345678900", true],
  ])("%s is newer than %s: %s", (one, other, is) => {
    expect(isNewer(version(one), version(other))).toBe(is);
  });

  it("have a newest one, where there is any", () => {
    expect(newestOf([null, version("3"), version("20"), null])).toBe("20");
    expect(newestOf([null])).toBeNull();
  });
});

describe("the grid of games and people", () => {
  const view: PartyView = {
    members: [
      { peerId: ADA, since: 1 },
      { peerId: BOB, since: 2 },
    ],
    versions: { [QUAKE]: [version("1"), version("2")], [DOOM]: [null, version("7")] },
  };

  it("has the own version first, marks the newest, and counts who has it", () => {
    const rows = gridRows([game(QUAKE, { downloaded: true, localVersion: version("02") }), game(DOOM)], view);
    expect(rows).toEqual([
      {
        id: DOOM,
        name: "doom",
        cells: [{ kind: "none" }, { kind: "none" }, { kind: "newest", version: "7" }],
        haveIt: 1,
      },
      {
        id: QUAKE,
        name: "quake",
        cells: [
          { kind: "newest", version: "02" },
          { kind: "older", version: "1" },
          { kind: "newest", version: "2" },
        ],
        haveIt: 2,
      },
    ]);
  });

  it("shows an install without its files, and leaves out what nobody has", () => {
    const rows = gridRows([game(asGameId("myst"), { installed: true }), game(asGameId("pong"))], view);
    expect(rows).toMatchObject([{ id: "myst", cells: [{ kind: "streamed" }, {}, {}], haveIt: 1 }]);
  });

  it("can be looked through", () => {
    const own = { downloaded: true, localVersion: version("7") };
    const all = { ...view, versions: { ...view.versions, [DOOM]: [version("7"), version("7")] } };
    const rows = gridRows([game(QUAKE), game(DOOM, { ...own, name: "Dôom" })], all);
    const found = (filter: "all" | "everybody" | "missing", search: string) =>
      filterRows(rows, { filter, search }).map(({ id }) => id);
    expect(found("all", "")).toEqual([DOOM, QUAKE]);
    expect(found("everybody", "")).toEqual([DOOM]);
    expect(found("missing", "")).toEqual([QUAKE]);
    expect(found("all", " DOO ")).toEqual([DOOM]);
    expect(found("missing", "doom")).toEqual([]);
  });

  it("is sent as versions in the order of the people", () => {
    const peer = (peerId: typeof ADA, name: string) => ({
      peerId,
      name,
      addr: "1.2.3.4:5",
      libraryRev: 1,
      gameCount: 1,
    });
    const remote = { id: QUAKE, name: "Quake", version: version("2"), size: 1, peerCount: 2 };
    const versions = new Map([
      [BOB, version("2")],
      [ADA, version("1")],
    ]);
    const gone = asPeerId("00000000-0000-8000-8000-00000000000c");
    const since = new Map([
      [BOB, 20],
      [gone, 30],
    ]);
    expect(
      partyView(
        { peers: [peer(BOB, "Bob"), peer(ADA, "Ada")], remoteGames: [{ ...remote, versions }] },
        since,
      ),
    ).toEqual({
      members: [
        { peerId: ADA, since: 0 },
        { peerId: BOB, since: 20 },
      ],
      versions: { quake: ["1", "2"] },
    });
  });
});

describe("transfers", () => {
  const progress: DesktopSnapshot["progress"] = {
    [QUAKE]: running(30, { [ADA]: 10, [BOB]: 20 }),
    [DOOM]: running(null, { [ADA]: 5 }),
    // Unpacks: nobody sends it anything.
    [asGameId("myst")]: running(1_000, {}),
  };
  const outbound = [{ peerId: ADA, gameId: QUAKE, bytesPerSecond: 7 }];

  function running(bytesPerSecond: number | null, rates: OperationProgress["rates"]): OperationProgress {
    return {
      phase: "downloading",
      doneBytes: 1,
      totalBytes: 2,
      bytesPerSecond,
      etaSeconds: null,
      rates,
      fetched: {},
    };
  }

  it("are what comes, by game and rate, and then what goes out", () => {
    expect(transfersOf(progress, outbound)).toEqual([
      { direction: "in", peerId: ADA, gameId: DOOM, bytesPerSecond: 5 },
      { direction: "in", peerId: BOB, gameId: QUAKE, bytesPerSecond: 20 },
      { direction: "in", peerId: ADA, gameId: QUAKE, bytesPerSecond: 10 },
      { direction: "out", peerId: ADA, gameId: QUAKE, bytesPerSecond: 7 },
    ]);
  });

  it("make the rates of each, and of all together", () => {
    expect([...ratesByPeer(transfersOf(progress, outbound))]).toEqual([
      [ADA, { in: 15, out: 7 }],
      [BOB, { in: 20, out: 0 }],
    ]);
    expect([rateIn(progress), rateOut(outbound)]).toEqual([35, 7]);
  });
});

describe("somebody's sign", () => {
  it.each([
    ["Ada Lovelace", "AL"],
    ["grace", "GR"],
    ["ß", "SS"],
    ["…", "·"],
    ["🦄", "·"],
  ])("%s has %s", (name, initials) => {
    expect(signOf("id", name).initials).toBe(initials);
  });
});

describe("what is renewed", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is fetched at once, and once more for all that is wanted until then", async () => {
    let fetched = 0;
    const ends: (() => void)[] = [];
    const fetch = (): Promise<void> => {
      fetched += 1;
      return new Promise((resolve) => ends.push(resolve));
    };
    const renewal = createRenewal(fetch, 500);
    for (let time = 0; time < 5; time += 1) renewal.wanted();
    expect(fetched).toBe(1);
    ends.shift()?.();
    await vi.advanceTimersByTimeAsync(499);
    expect(fetched).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(fetched).toBe(2);
    ends.shift()?.();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(fetched).toBe(2);
    renewal.wanted();
    expect(fetched).toBe(3);
    renewal.wanted();
    renewal.stop();
    ends.shift()?.();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(fetched).toBe(3);
  });
});
