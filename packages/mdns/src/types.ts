/** Logging as the host does it; silent where none is given. */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Time as this package needs it; milliseconds, monotonic. */
export interface Clock {
  now(): number;
  setTimeout(run: () => void, delayMs: number): object;
  /** `handle` comes from `setTimeout` of the same clock; one that has fired is ignored. */
  clearTimeout(handle: object): void;
}

/** A service to advertise. */
export interface ServiceOptions {
  /** DNS-SD service type, such as `_lanspread._udp.local`; `.local` may be left out. */
  readonly type: string;
  /** Instance name as people write it: any characters, at most 63 bytes of UTF-8. Unique on the network. */
  readonly instance: string;
  /** Port of the service, 1 to 65,535. */
  readonly port: number;
  /**
   * `key=value` pairs: keys are printable ASCII without `=`, each pair at most 255 bytes, all together at
   * most 900.
   */
  readonly txt: Readonly<Record<string, string>>;
  /**
   * One label, without `.local`, that no other host or program uses. Default: this machine's name and some
   * random letters.
   */
  readonly hostname?: string;
  /** Address families the service listens on; only their addresses are advertised. Default: both. */
  readonly families?: readonly AddressFamily[];
}

export type AddressFamily = "IPv4" | "IPv6";

/** An advertised service. Ends with `stop()` or with the `close()` of its owner. */
export interface Advertisement {
  /** Replaces the TXT record and announces it (RFC 6762 section 8.4). Throws RangeError where it does not fit. */
  update(txt: Readonly<Record<string, string>>): void;
  /** Takes the service back on every interface (TTL 0); resolves when the packets have left. */
  stop(options?: { signal?: AbortSignal }): Promise<void>;
}

/** Where an instance was seen. */
export interface ServiceAddress {
  /** IPv4 or IPv6 address; link-local IPv6 carries its scope (`fe80::1%eth0`; the number on Windows). */
  readonly address: string;
  readonly family: AddressFamily;
  /** Name of the own interface that leads there. */
  readonly interface: string;
  /**
   * Whether it was heard from this very address. Anybody can announce any address; to do it in the name of the machine
   * that has it takes a forged sender.
   */
  readonly vouched: boolean;
}

/** An instance of a service as the network shows it. */
export interface ServiceInstance {
  readonly instance: string;
  readonly type: string;
  /** Host name of its SRV record. */
  readonly host: string;
  readonly port: number;
  readonly txt: Readonly<Record<string, string>>;
  /** At least one; IPv4 before IPv6, then in a stable order. */
  readonly addresses: readonly ServiceAddress[];
}

/** What a browser reports. An instance is complete (PTR, SRV, TXT and an address) from `up` to `down`. */
export interface BrowserEvents {
  up: [instance: ServiceInstance];
  /** Port, TXT or addresses are others than before. */
  changed: [instance: ServiceInstance];
  /** Taken back by its owner, or its last address expired or went with its interface. Carries what was known last. */
  down: [instance: ServiceInstance];
}

/** Instances of one type, seen on any interface. What this same `Mdns` advertises is not reported. */
export interface Browser {
  readonly type: string;
  on<E extends keyof BrowserEvents>(event: E, handler: (...args: BrowserEvents[E]) => void): this;
  off<E extends keyof BrowserEvents>(event: E, handler: (...args: BrowserEvents[E]) => void): this;
  /** What is up now. */
  instances(): readonly ServiceInstance[];
  /** Ends the events; says nothing on the network. */
  stop(): void;
}

/** What became of one address of this machine. */
export interface InterfaceStatus {
  readonly name: string;
  readonly address: string;
  /**
   * `active`: in use. `starting`: its socket is being opened. `failed`: it would be used, but the system
   * refuses; tried again by itself. `ignored`: left out on purpose. `missing`: named, but this machine does
   * not have it now.
   */
  readonly state: "active" | "starting" | "failed" | "ignored" | "missing";
  /** Why it is not active; empty where it is. */
  readonly reason: string;
  /**
   * Valid packets of others heard here: zero for long means that multicast does not arrive (firewall, access
   * point).
   */
  readonly heard: number;
}

/** One machine's part in Multicast DNS. Owns sockets and timers until `close()`. */
export interface Mdns {
  /**
   * Starts to advertise at once, on every usable interface there is and will be. Throws RangeError for what
   * cannot be encoded.
   */
  advertise(service: ServiceOptions): Advertisement;
  /** Starts to look for instances of a type. Handlers attached in the same turn miss nothing. */
  browse(type: string): Browser;
  /** Every interface considered, with what became of it. */
  interfaces(): readonly InterfaceStatus[];
  /** Resolves when each interface found at the start is active or has failed. Rejects only by the signal. */
  ready(options?: { signal?: AbortSignal }): Promise<void>;
  /** Says goodbye for every service on every interface, then closes all sockets and timers. May be called twice. */
  close(options?: { signal?: AbortSignal }): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
