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
    rssBytes: residentBytes(),
  };
}

/** Bytes; 0 where the system does not tell, as where no more files can be opened: that is no reason to say nothing else. */
function residentBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return 0;
  }
}
