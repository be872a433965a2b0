import type { DataAnswer, RawAnswer, RawChannel, RequestChannel } from "../transfer/index.ts";

/** Every way to ask a peer. */
export type PeerChannel = RequestChannel & RawChannel;

/**
 * Requests to a peer over whatever connection it has at the moment. Where that one ends before the answer has come and the peer
 * has another one by then (it came back after a crash), the request is made again on that: requests change nothing.
 *
 * @param current the channel of the connection to use; throws where the peer has none
 */
export function createFollowingChannel(current: () => PeerChannel): PeerChannel {
  const ask = async <T>(
    make: (channel: PeerChannel) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> => {
    const first = current();
    try {
      return await make(first);
    } catch (error) {
      const next = signal?.aborted === true ? first : currentOr(first);
      if (next === first) throw error;
      return make(next);
    }
  };
  const currentOr = (first: PeerChannel): PeerChannel => {
    try {
      return current();
    } catch {
      return first;
    }
  };
  return {
    request: (request, options) => ask((channel) => channel.request(request, options), options?.signal),
    requestData: (request, options): Promise<DataAnswer> =>
      ask((channel) => channel.requestData(request, options), options?.signal),
    requestRaw: (request, options): Promise<RawAnswer> =>
      ask((channel) => channel.requestRaw(request, options), options?.signal),
  };
}
