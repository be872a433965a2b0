import type { LanSwitch, LinkRates } from "@lanspread/testkit";

/** What one peer runs on. */
export interface Host {
  readonly name: string;
  /** Its address, in the first of its LANs. */
  readonly address: string;
  /** Arguments of a peer here: which networks it uses, and where it listens. */
  readonly peerArgs: readonly string[];
  /** The command line that runs a program here: for `spawn`. The first part is the program. */
  command(program: string, ...args: string[]): readonly [string, ...string[]];
  /**
   * How it is plugged into its first LAN.
   *
   * @throws Error where there is no LAN ({@link HostNetwork.isLan})
   */
  readonly cable: Cable;
  addressIn(lan: Lan): string;
}

export interface Cable {
  setLink(state: "up" | "down"): void;
  shape(rates: LinkRates): void;
  /** Bytes that left the host so far, as its network interface counts them. */
  sentBytes(): number;
  /** Gives the host an address that nobody has had, in place of its own, and returns it. Works without a LAN, too. */
  readdress(): string;
  /** Makes the host answer at a further address, which may be that of a host in another LAN. */
  claim(address: string): void;
  /** Lets the host look for the addresses of another LAN in its own. */
  expect(lan: Lan): void;
}

/** One LAN: every host in it hears every other. */
export type Lan = LanSwitch;

/** The hosts of one scenario, and the networks between them. */
export interface HostNetwork {
  /** False where hosts are only processes on 127.0.0.0/8: one network that nobody can be unplugged from or slowed in. */
  readonly isLan: boolean;
  /** The LAN that every host is in where nothing else is said. */
  readonly lan: Lan;
  addLan(): Lan;
  addHost(name: string, lans?: readonly [Lan, ...Lan[]]): Host;
  /** Processes that are on its hosts, whoever started them and with what environment; none where hosts are only processes. */
  processes(): readonly number[];
  /** Removes everything that was made; the processes on the hosts have ended by then. */
  remove(): void;
}
