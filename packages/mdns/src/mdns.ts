import { randomBytes } from "node:crypto";
import { hostname, networkInterfaces } from "node:os";
import { ServiceBrowser } from "./browser.ts";
import { GOODBYE_DEADLINE_MS, INTERFACE_POLL_MS, RECONFIRM_MS, SLEEP_GAP_MS } from "./constants.ts";
import { nameKey } from "./dns/name.ts";
import { encodeTxt } from "./dns/txt.ts";
import { Gather } from "./gather.ts";
import { Link } from "./link.ts";
import { type OpenMulticastSocket, openMulticastSocket } from "./net/multicast-socket.ts";
import {
  type LeftOutInterface,
  type SystemInterfaces,
  sameSocket,
  selectInterfaces,
} from "./net/select-interfaces.ts";
import { resolveInstances } from "./query/resolve.ts";
import { hostLabel, makeService, type OwnService, wholeType } from "./respond/service-records.ts";
import { clearTimer, silentLogger, systemClock } from "./system.ts";
import type {
  Advertisement,
  Browser,
  Clock,
  InterfaceStatus,
  Logger,
  Mdns,
  ServiceOptions,
} from "./types.ts";

export interface MdnsOptions {
  /** Addresses (or names) of the only interfaces to use. Default: every one that is neither loopback nor virtual. */
  readonly interfaces?: readonly string[];
  readonly logger?: Logger;
  /** Below: edges of the system, replaced in tests. */
  readonly clock?: Clock;
  /** Time of day in milliseconds: with `clock` it shows that the machine has slept. */
  readonly wallClock?: () => number;
  readonly random?: () => number;
  readonly networkInterfaces?: () => SystemInterfaces;
  readonly openSocket?: OpenMulticastSocket;
  readonly platform?: string;
}

/**
 * Multicast DNS (RFC 6762) with DNS service discovery (RFC 6763) on all usable interfaces, beside whatever
 * other mDNS program the machine runs. Returns at once and never throws later: trouble with an interface is a
 * warning and a line in `interfaces()`.
 */
export function createMdns(options: MdnsOptions = {}): Mdns {
  return new MulticastDns(options);
}

class MulticastDns implements Mdns {
  readonly #options: Required<Omit<MdnsOptions, "interfaces">> & {
    readonly interfaces: readonly string[] | undefined;
  };
  readonly #defaultHostname: string;
  readonly #services = new Map<string, OwnService>();
  readonly #browsers = new Set<ServiceBrowser>();
  readonly #links = new Map<string, Link>();
  readonly #ready: Promise<void>;
  #leftOut: readonly LeftOutInterface[] = [];
  #pollTimer: object | null = null;
  /** Shows browsers the new state: what changes in one moment is one event. */
  readonly #changes: Gather;
  #lastPoll: { readonly now: number; readonly wall: number };
  #warnedOfNone = false;
  #closing: Promise<void> | null = null;

  constructor(options: MdnsOptions) {
    this.#options = {
      interfaces: options.interfaces,
      logger: options.logger ?? silentLogger,
      clock: options.clock ?? systemClock,
      wallClock: options.wallClock ?? Date.now,
      random: options.random ?? Math.random,
      networkInterfaces: options.networkInterfaces ?? networkInterfaces,
      openSocket: options.openSocket ?? openMulticastSocket,
      platform: options.platform ?? process.platform,
    };
    this.#defaultHostname = hostLabel(hostname(), randomBytes(4).toString("hex"));
    this.#changes = new Gather(this.#options.clock, () => this.#show());
    this.#lastPoll = this.#times();
    this.#ready = this.#lookAtInterfaces();
    this.#armPoll();
  }

  advertise(options: ServiceOptions): Advertisement {
    if (this.#closing !== null) throw new Error("advertise after close");
    const made = makeService(options, this.#defaultHostname);
    const key = nameKey(made.name);
    if (this.#services.has(key)) throw new RangeError(`${options.instance} is already advertised`);
    this.#services.set(key, made);
    for (const link of this.#links.values()) {
      link.announce([made]);
      link.refresh();
    }
    this.#changes.poke();
    return {
      update: (txt) => {
        const current = this.#services.get(key);
        if (current === undefined) return;
        const updated = { ...current, strings: encodeTxt(txt) };
        this.#services.set(key, updated);
        for (const link of this.#links.values()) link.announceText(updated);
      },
      stop: async ({ signal } = {}) => {
        signal?.throwIfAborted();
        const gone = this.#services.get(key);
        if (gone === undefined || !this.#services.delete(key)) return;
        this.#changes.poke();
        await untilAborted(this.#goodbye([gone]), signal);
      },
    };
  }

  browse(type: string): Browser {
    if (this.#closing !== null) throw new Error("browse after close");
    const browser = new ServiceBrowser(wholeType(type), this.#options.logger, (stopped) => {
      this.#browsers.delete(stopped);
      for (const link of this.#links.values()) link.refresh();
    });
    this.#browsers.add(browser);
    for (const link of this.#links.values()) link.refresh();
    // What is known already is shown in a later turn, when handlers are attached.
    this.#changes.poke();
    return browser;
  }

  interfaces(): readonly InterfaceStatus[] {
    const used = [...this.#links.values()].map((link) => {
      const { state } = link.state;
      const reason = link.state.state === "failed" ? link.state.reason : "";
      return { name: link.name, address: link.entry.address, state, reason, heard: link.heard };
    });
    return [...used, ...this.#leftOut.map((entry) => ({ ...entry, heard: 0 }))];
  }

  ready({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    return untilAborted(this.#ready, signal);
  }

  close({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    this.#closing ??= this.#close();
    return untilAborted(this.#closing, signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const { clock } = this.#options;
    clearTimer(clock, this.#pollTimer);
    this.#changes.close();
    const gone = [...this.#services.values()];
    this.#services.clear();
    this.#browsers.clear();
    let deadline: object | null = null;
    const late = new Promise<void>((resolve) => {
      deadline = clock.setTimeout(resolve, GOODBYE_DEADLINE_MS);
    });
    await Promise.race([this.#goodbye(gone), late]);
    clearTimer(clock, deadline);
    await Promise.all([...this.#links.values()].map((link) => link.close()));
    this.#links.clear();
  }

  async #goodbye(gone: readonly OwnService[]): Promise<void> {
    const remaining = [...this.#services.values()];
    await Promise.all([...this.#links.values()].map((link) => link.goodbye(gone, remaining)));
  }

  #armPoll(): void {
    this.#pollTimer = this.#options.clock.setTimeout(() => {
      this.#poll();
      this.#armPoll();
    }, INTERFACE_POLL_MS);
  }

  #poll(): void {
    const before = this.#lastPoll;
    this.#lastPoll = this.#times();
    const late =
      Math.max(this.#lastPoll.now - before.now, this.#lastPoll.wall - before.wall) - INTERFACE_POLL_MS;
    if (late > SLEEP_GAP_MS) {
      this.#options.logger.info("starting discovery anew after a pause", { pauseMs: late });
      void this.#reopenAll();
      return;
    }
    void this.#lookAtInterfaces();
  }

  /** Sockets lose their memberships in a sleep on some systems, and the machine may have been carried elsewhere. */
  async #reopenAll(): Promise<void> {
    for (const link of this.#links.values()) link.reconfirm(RECONFIRM_MS);
    await this.#lookAtInterfaces(true);
  }

  /** Brings the links in line with the interfaces the machine has now; failed ones are tried again. */
  async #lookAtInterfaces(reopen = false): Promise<void> {
    if (this.#closing !== null) return;
    const { interfaces, logger, networkInterfaces: list, platform } = this.#options;
    let system: SystemInterfaces;
    try {
      system = list();
    } catch (error) {
      logger.warn("the list of network interfaces cannot be read", { error });
      return;
    }
    const { usable, leftOut } = selectInterfaces(system, interfaces, platform);
    this.#leftOut = leftOut;
    const pending: Promise<void>[] = [];
    const wanted = new Map(usable.map((entry) => [entry.name, entry]));
    for (const [name, link] of this.#links) {
      const entry = wanted.get(name);
      if (entry !== undefined && sameSocket(entry, link.entry)) continue;
      logger.info("interface left", { interface: name, address: link.entry.address });
      this.#links.delete(name);
      pending.push(link.close());
      this.#changes.poke();
    }
    for (const [name, entry] of wanted) {
      const link = this.#links.get(name);
      if (link === undefined) {
        const made = this.#makeLink(entry);
        this.#links.set(name, made);
        pending.push(made.open());
        continue;
      }
      link.setAddresses(entry);
      if (reopen || link.state.state === "failed") pending.push(link.open());
    }
    await Promise.all(pending);
    this.#warnOfNone();
  }

  #makeLink(entry: Link["entry"]): Link {
    const { clock, random, logger, openSocket } = this.#options;
    return new Link(entry, {
      clock,
      random,
      logger,
      openSocket,
      services: () => [...this.#services.values()],
      types: () => [...new Set([...this.#browsers].map((browser) => browser.type))],
      onChange: () => this.#changes.poke(),
    });
  }

  #warnOfNone(): void {
    if (this.#closing !== null) return;
    const status = this.interfaces();
    const none = !status.some(({ state }) => state === "active" || state === "starting");
    if (none && !this.#warnedOfNone) {
      this.#options.logger.warn("no usable network interface: nobody can be found", { interfaces: status });
    }
    if (!none && this.#warnedOfNone) this.#options.logger.info("a network interface is usable again");
    this.#warnedOfNone = none;
  }

  #show(): void {
    const views = [...this.#links.values()];
    const own = new Set(this.#services.keys());
    for (const browser of this.#browsers) browser.show(resolveInstances(views, browser.type, own));
  }

  #times(): { now: number; wall: number } {
    return { now: this.#options.clock.now(), wall: this.#options.wallClock() };
  }
}

/** Waits for `work`, or rejects with the signal's reason; the work itself goes on. */
function untilAborted(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
