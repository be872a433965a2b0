import { MAX_DATAGRAM_BYTES, MIN_INITIAL_DATAGRAM_BYTES } from "./core/constants.ts";
import { checkCredentials } from "./credentials.ts";
import { UdpEndpoint } from "./endpoint.ts";
import { openUdpSocket } from "./io/udp-socket.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { loadNativeLibrary } from "./native.ts";
import type { Endpoint, EndpointOptions } from "./types.ts";

/**
 * Loads the native library: {@link createEndpoint} has nothing to wait for then but its port.
 *
 * @throws QuicUnavailableError where there is none for this machine
 */
export async function prepareQuic(): Promise<void> {
  await loadNativeLibrary();
}

/**
 * Opens an endpoint: one UDP socket that dials and accepts.
 *
 * @throws QuicUnavailableError where there is no native library for this machine; the system's error (`EADDRINUSE` …) where the
 *   address cannot be bound; QuicError where the credentials cannot be used; RangeError for impossible options.
 */
export async function createEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const { maxDatagramBytes } = options;
  const possible =
    maxDatagramBytes === undefined ||
    (maxDatagramBytes >= MIN_INITIAL_DATAGRAM_BYTES && maxDatagramBytes <= MAX_DATAGRAM_BYTES);
  if (!possible) {
    throw new RangeError(
      `maxDatagramBytes ${maxDatagramBytes} is not from ${MIN_INITIAL_DATAGRAM_BYTES} to ${MAX_DATAGRAM_BYTES}`,
    );
  }
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  if (limits.peerStreamWindowBytes > limits.streamWindowBytes) {
    throw new RangeError("peerStreamWindowBytes is above streamWindowBytes");
  }
  checkCredentials(options.tls);
  const library = await loadNativeLibrary();
  const address = { host: options.host, port: options.port };
  const { socket, kind } =
    options.socket === undefined
      ? await openUdpSocket(address)
      : { socket: await options.socket(address), kind: "given" };
  try {
    return new UdpEndpoint({ ...options, limits, library, socket, socketKind: kind });
  } catch (error) {
    await socket.close();
    throw error;
  }
}
