import type { EndpointLimits, TlsOptions } from "../types.ts";
import { CONNECTION_CREDIT_BYTES, MAX_ACK_DELAY_MS } from "./constants.ts";
import type { NativeConfig, NativeLibrary } from "./native-types.ts";

export interface ConfigOptions {
  readonly tls: TlsOptions;
  readonly alpn: string;
  readonly limits: EndpointLimits;
  readonly congestion: "cubic" | "reno" | "bbr";
}

const TEXT = new TextEncoder();

/**
 * The native configurations of one set of credentials. A configuration holds the datagram size, so there is one for each size and
 * role, made when it is first needed.
 */
export class ConfigBook {
  readonly #library: NativeLibrary;
  readonly #options: ConfigOptions;
  readonly #made = new Map<string, NativeConfig>();

  /** @throws Error when a PEM text cannot be read, or the key does not belong to the certificate. */
  constructor(library: NativeLibrary, options: ConfigOptions) {
    this.#library = library;
    this.#options = options;
  }

  get(role: "dials" | "accepts", datagramBytes: number): NativeConfig {
    const key = `${role} ${datagramBytes}`;
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const config = this.#make(datagramBytes);
    this.#made.set(key, config);
    return config;
  }

  #make(datagramBytes: number): NativeConfig {
    const { tls, alpn, limits, congestion } = this.#options;
    const config = this.#library.Config.withBoringSslCtx(
      true, // demand and verify the other side's chain; the host name plays no part
      false,
      TEXT.encode(tls.ca),
      [TEXT.encode(tls.key)],
      [TEXT.encode(tls.cert)],
    );
    config.setApplicationProtos([alpn]);
    config.setMaxIdleTimeout(limits.idleTimeoutMs);
    config.setMaxAckDelay(MAX_ACK_DELAY_MS);
    // Said to the other side too: where the two interfaces disagree (jumbo frames), the smaller one counts both ways.
    config.setMaxRecvUdpPayloadSize(datagramBytes);
    config.setMaxSendUdpPayloadSize(datagramBytes);
    config.setInitialMaxData(CONNECTION_CREDIT_BYTES);
    config.setInitialMaxStreamDataBidiLocal(limits.streamWindowBytes);
    config.setInitialMaxStreamDataBidiRemote(limits.peerStreamWindowBytes);
    config.setMaxStreamWindow(limits.streamWindowBytes);
    config.setInitialMaxStreamsBidi(limits.maxStreamsPerConnection);
    config.setInitialMaxStreamsUni(0);
    config.setInitialMaxStreamDataUni(0);
    config.setDisableActiveMigration(true);
    config.setCcAlgorithmName(congestion);
    // Rounds that gather datagrams make the round trip vary by milliseconds. HyStart takes that for a queue, ends the slow start at
    // some ten packets, and a transfer over loopback crawls at a tenth of its speed for seconds.
    config.enableHystart(false);
    // A LAN's queues are short, and pacing needs a timer per packet; its times without such a timer run ahead of the clock.
    config.enablePacing(false);
    config.grease(false);
    return config;
  }
}
