import type { Answer, Goodbye, Hello, LibraryDelta, Ping } from "@lanspread/proto";
import type { RequestContext } from "../peers/types.ts";
import type { RequestStream } from "../transfer/index.ts";

/**
 * What the peers layer answers itself. The `peer_id` in each of these requests is that of the connection's certificate:
 * the others were refused before.
 *
 * What a handler rejects with is answered as the error it is where it is a WireError, else as `internal`.
 */
export interface ControlHandlers {
  /** Whether hellos were exchanged with the peer, in either direction. A peer without may only say hello. */
  isGreeted(context: RequestContext): boolean;
  /** The version, the party and the own peer id are the handler's to check. */
  hello(request: Hello, context: RequestContext): Promise<Answer>;
  libraryDelta(request: LibraryDelta, context: RequestContext): Promise<Answer>;
  ping(request: Ping, context: RequestContext): Promise<Answer>;
  goodbye(request: Goodbye, context: RequestContext): Promise<Answer>;
}

/** Answers what other peers ask. */
export interface RequestServer {
  /**
   * Answers the one request of a stream that the other side opened, and ends the stream in both directions. Call it for
   * every such stream, without waiting for the one before. Never rejects.
   */
  serveStream(stream: RequestStream, context: RequestContext): Promise<void>;
}
