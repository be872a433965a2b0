import { type Answer, errorAnswer, type PeerId } from "@lanspread/proto";
import type { ControlHandlers } from "../serve/index.ts";
import { type Introduced, introduce, isRefused, judge, type Refused, type Self } from "./handshake.ts";
import type { Roster } from "./roster.ts";
import type { RequestContext } from "./types.ts";

export interface ControlHandlersOptions {
  readonly self: Self;
  readonly roster: Roster;
  readonly isGreeted: (peerId: PeerId) => boolean;
  /** Lets a peer in whose hello was believed. @returns why not, in words for it; null where it is in */
  readonly admit: (introduced: Introduced, context: RequestContext) => string | null;
  readonly onRefused: (refused: Refused, context: RequestContext) => void;
  /** A change came that does not fit what is held. */
  readonly onGap: (peerId: PeerId) => void;
  readonly onGoodbye: (peerId: PeerId) => void;
}

const OK: Answer = { type: "ok" };

/** Answers to what peers tell each other about themselves. The sender is the one of the connection's certificate. */
export function createControlHandlers(options: ControlHandlersOptions): ControlHandlers {
  const { self, roster, isGreeted, admit, onRefused, onGap, onGoodbye } = options;
  /** Refuses what is said in another's name. */
  const asItself = async (
    said: { readonly peer_id: PeerId },
    context: RequestContext,
    answer: () => Answer,
  ): Promise<Answer> => {
    if (said.peer_id === context.peerId) return answer();
    return errorAnswer("wrong_peer", `the certificate is that of ${context.peerId}`, false);
  };
  return {
    isGreeted: (context) => isGreeted(context.peerId),

    hello: async (request, context) => {
      const verdict = judge(request, self, context);
      if (isRefused(verdict)) {
        onRefused(verdict, context);
        return errorAnswer(verdict.code, `the sender ${verdict.message}`, false);
      }
      const refusal = admit(verdict, context);
      if (refusal !== null) return errorAnswer("busy", refusal, true);
      return { type: "hello_ack", ...introduce(self) };
    },

    libraryDelta: (request, context) =>
      asItself(request, context, () => {
        const { delta } = request;
        if (roster.applyDelta(context.peerId, delta)) return OK;
        onGap(context.peerId);
        return errorAnswer("need_snapshot", `${delta.from_rev} is not the revision that is known here`, true);
      }),

    ping: (request, context) => asItself(request, context, () => ({ type: "pong" })),

    goodbye: (request, context) =>
      asItself(request, context, () => {
        onGoodbye(context.peerId);
        return OK;
      }),
  };
}
