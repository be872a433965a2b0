import { asGameId, type ListedGame, peerIdSchema, type RuntimeEvent } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import type { DesktopSnapshot } from "../../protocol/snapshot.ts";
import { newsOf, newsOfAnswer } from "../../ui/src/app/news.ts";

const gameId = asGameId("quake");
const [ADA, GONE] = ["01", "02"].map((end) =>
  peerIdSchema.parse(`0f3c9a54-0000-8000-8000-0000000000${end}`),
) as [never, never];
const SNAPSHOT = {
  games: [{ id: gameId, name: "Quake" } as ListedGame],
  peers: [{ peerId: ADA, name: "Ada" }],
} as unknown as DesktopSnapshot;
const DONE = { gameId, bytes: 1, pieces: 1, retried: 0, elapsedMs: 1, mibPerS: 1, sources: {} };

describe("what ended well, and still has to be known", () => {
  it.each<[RuntimeEvent, ReturnType<typeof newsOf>]>([
    [{ type: "remove-finished", gameId, files: 3, bytes: 9, left: 0 }, null],
    [
      { type: "remove-finished", gameId, files: 3, bytes: 9, left: 2 },
      { text: "news.left", values: { name: "Quake", count: 2 } },
    ],
    [{ type: "download-finished", ...DONE }, null],
    [
      {
        type: "download-finished",
        ...DONE,
        struckOut: [
          { peerId: ADA, why: "wrong bytes" },
          { peerId: GONE, why: "wrong bytes" },
        ],
      },
      { text: "news.struck-out", values: { name: "Quake", who: `Ada, ${GONE}` } },
    ],
    [
      { type: "remove-finished", gameId: asGameId("doom"), files: 0, bytes: 0, left: 1 },
      { text: "news.left", values: { name: "doom", count: 1 } },
    ],
    [{ type: "uninstall-finished", gameId }, null],
  ])("%j is told as %j", (event, news) => {
    expect(newsOf(event, SNAPSHOT)).toEqual(news);
  });
});

it("what was started is told: a set-up until it was read, a game and its server for a moment", () => {
  const values = { name: "Quake" };
  const told = (request: Parameters<typeof newsOfAnswer>[0], answer: unknown) =>
    newsOfAnswer(request, answer, SNAPSHOT);
  expect(told({ type: "play", gameId }, { started: "set-up" })).toEqual({ text: "news.set-up", values });
  expect(told({ type: "play", gameId }, { started: "game" })).toEqual({
    text: "news.started",
    values,
    isBrief: true,
  });
  expect(told({ type: "start-server", gameId }, null)).toMatchObject({ text: "news.server-started", values });
  expect(told({ type: "open-folder", gameId }, null)).toBeNull();
});
