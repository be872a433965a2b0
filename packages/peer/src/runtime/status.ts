import type { PeerId, StatusData } from "@lanspread/proto";
import type { RuntimeContext } from "./context.ts";

/** Who and where this peer is; stays the same while it runs. */
export interface SelfDescription {
  readonly peerId: PeerId;
  readonly name: string;
  readonly party: string;
  readonly addr: string;
}

export function statusOf(context: RuntimeContext, self: SelfDescription): StatusData {
  const { peerId, name, party, addr } = self;
  return {
    peerId,
    name,
    party,
    addr,
    lanes: context.lanes.ports(),
    gamesDir: context.library.state().gamesDir,
    libraryRev: context.library.snapshot().library_rev,
    operations: context.operations.list(),
    outboundTransfers: context.outbound.counts(),
    rssBytes: process.memoryUsage.rss(),
  };
}
