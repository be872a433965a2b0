import type { RuntimeEvent } from "@lanspread/proto";
import type { PageRequest, Played } from "../../../protocol/messages.ts";
import type { DesktopSnapshot } from "../../../protocol/snapshot.ts";
import type { TextKey } from "../i18n/texts.ts";

/** Something to know that is no failure. */
export interface News {
  readonly text: TextKey;
  readonly values: Readonly<Record<string, string | number>>;
  /** Says only that something was heard: it goes by itself. */
  readonly isBrief?: true;
}

/** What the user should know of an operation that has ended well; null of most. */
export function newsOf(event: RuntimeEvent, snapshot: DesktopSnapshot): News | null {
  const { peers } = snapshot;
  const nameOf = (id: string): string => nameIn(snapshot, id);
  switch (event.type) {
    case "remove-finished": {
      const { gameId, left } = event;
      return left === 0 ? null : { text: "news.left", values: { name: nameOf(gameId), count: left } };
    }
    case "download-finished":
    case "stream-install-finished": {
      const { gameId, struckOut = [] } = event;
      if (struckOut.length === 0) return null;
      const who = struckOut.map(({ peerId }) => peers.find((peer) => peer.peerId === peerId)?.name ?? peerId);
      return { text: "news.struck-out", values: { name: nameOf(gameId), who: who.join(", ") } };
    }
    default:
      return null;
  }
}

/** What the user should know of an answer of the shell; null of most. */
export function newsOfAnswer(request: PageRequest, answer: unknown, snapshot: DesktopSnapshot): News | null {
  switch (request.type) {
    case "play": {
      const values = { name: nameIn(snapshot, request.gameId) };
      if ((answer as Played).started === "set-up") return { text: "news.set-up", values };
      return { text: "news.started", values, isBrief: true };
    }
    case "start-server":
      return {
        text: "news.server-started",
        values: { name: nameIn(snapshot, request.gameId) },
        isBrief: true,
      };
    default:
      return null;
  }
}

function nameIn({ games }: DesktopSnapshot, id: string): string {
  return games.find((game) => game.id === id)?.name ?? id;
}
