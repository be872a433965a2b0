import { isOnLink } from "./dns/address.ts";
import { decodePacket } from "./dns/decode.ts";
import { encodeSplit } from "./dns/encode.ts";
import { nameKey } from "./dns/name.ts";
import { type DnsPacket, type DnsRecord, recordIdentity } from "./dns/records.ts";
import { Gather } from "./gather.ts";
import { explainSocketError } from "./net/explain-socket-error.ts";
import type { MulticastSocket, OpenMulticastSocket, Sender } from "./net/multicast-socket.ts";
import type { UsableInterface } from "./net/select-interfaces.ts";
import { isWanted, RecordCache } from "./query/cache.ts";
import { Querier } from "./query/querier.ts";
import type { InterfaceView } from "./query/resolve.ts";
import { Responder } from "./respond/responder.ts";
import {
  allRecords,
  type OwnService,
  type ServiceRecords,
  serviceRecords,
} from "./respond/service-records.ts";
import type { Clock, Logger } from "./types.ts";

export interface LinkOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly openSocket: OpenMulticastSocket;
  /** Services advertised now. */
  readonly services: () => readonly OwnService[];
  /** Types browsed now, as whole names. */
  readonly types: () => readonly string[];
  /** What browsers see may have changed. */
  readonly onChange: () => void;
}

export type LinkState =
  | { readonly state: "starting" | "active" }
  | { readonly state: "failed"; readonly reason: string };

/**
 * One interface: its socket, what was heard there and what is said there. Knows only the addresses of its own
 * interface, so no record of one network reaches another.
 */
export class Link implements InterfaceView {
  readonly cache: RecordCache;
  readonly #options: LinkOptions;
  readonly #responder: Responder;
  readonly #querier: Querier;
  #entry: UsableInterface;
  #socket: MulticastSocket | null = null;
  #opening: Promise<void> | null = null;
  #state: LinkState = { state: "starting" };
  #heard = 0;
  /** Looks what the packets of a moment change for the questions. */
  readonly #settle: Gather;
  #closed = false;
  #warnedOfConflict = false;

  constructor(entry: UsableInterface, options: LinkOptions) {
    this.#entry = entry;
    this.#options = options;
    const { clock, random } = options;
    this.cache = new RecordCache(random);
    const send = (packet: DnsPacket, to?: Sender) => this.#send(packet, to);
    this.#responder = new Responder({ clock, random, services: () => this.#records(), send });
    this.#querier = new Querier({
      clock,
      random,
      cache: this.cache,
      types: options.types,
      own: () => new Set(options.services().map((service) => nameKey(service.name))),
      ownPointers: () => this.#records().map((records) => records.pointer),
      send,
      onChange: options.onChange,
    });
    this.#settle = new Gather(clock, () => this.#querier.update());
  }

  get name(): string {
    return this.#entry.name;
  }
  get scope(): string {
    return this.#entry.scope;
  }
  get entry(): UsableInterface {
    return this.#entry;
  }
  get state(): LinkState {
    return this.#state;
  }
  /** Valid packets of other programs and machines. */
  get heard(): number {
    return this.#heard;
  }

  /**
   * Opens the socket, or a new one in place of the old, announces and asks. Never rejects: a failure is a
   * state, with its reason. While it is at work, further calls wait for the same work.
   */
  open(): Promise<void> {
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #open(): Promise<void> {
    if (this.#closed) return;
    this.#state = this.#state.state === "failed" ? this.#state : { state: "starting" };
    const old = this.#socket;
    this.#socket = null;
    await old?.close();
    try {
      const socket = await this.#options.openSocket({
        address: this.#entry.address,
        onMessage: (bytes, from) => this.#receive(bytes, from),
        onError: (error) => this.#fail(error),
      });
      if (this.#closed) {
        await socket.close();
        return;
      }
      this.#socket = socket;
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#state = { state: "active" };
    this.#options.logger.debug("interface joined", { interface: this.name, address: this.#entry.address });
    this.announce(this.#options.services());
    this.#querier.restart();
  }

  /** Takes over other addresses of the same interface and announces them. */
  setAddresses(entry: UsableInterface): void {
    const text = (addresses: UsableInterface["addresses"]) =>
      addresses.map(({ address }) => address).join(" ");
    const before = this.#records().flatMap(({ hosts }) => hosts);
    const changed = text(entry.addresses) !== text(this.#entry.addresses);
    this.#entry = entry;
    if (!changed || this.#socket === null) return;
    const still = new Set(this.#records().flatMap(({ hosts }) => hosts.map(recordIdentity)));
    // The announcement's cache-flush bit ends what went only where something of the same family remains.
    const gone = before.filter((record) => !still.has(recordIdentity(record)));
    void this.#responder.goodbye(gone.map((record) => ({ ...record, flush: false })));
    this.#responder.announce((records) => records.flatMap(({ hosts }) => hosts));
  }

  announce(services: readonly OwnService[]): void {
    const names = new Set(services.map((service) => service.name));
    if (this.#socket === null || names.size === 0) return;
    this.#responder.announce((records) =>
      records.filter(({ service }) => names.has(service.name)).flatMap(allRecords),
    );
  }

  announceText(service: OwnService): void {
    if (this.#socket === null) return;
    this.#responder.announce((records) =>
      records.filter((own) => own.service.name === service.name).map(({ text }) => text),
    );
  }

  /** Takes services back. Their hosts' addresses go along unless a service in `remaining` still needs them. */
  async goodbye(gone: readonly OwnService[], remaining: readonly OwnService[]): Promise<void> {
    if (this.#socket === null) return;
    const kept = new Set(remaining.map((service) => nameKey(service.host)));
    const records = new Map<string, DnsRecord>();
    for (const service of gone) {
      const own = serviceRecords(service, this.#entry.addresses);
      const hosts = kept.has(nameKey(service.host)) ? [] : own.hosts;
      for (const record of [own.pointer, own.service, own.text, ...hosts])
        records.set(recordIdentity(record), record);
    }
    await this.#responder.goodbye([...records.values()]);
  }

  /** Types or own services have changed. */
  refresh(): void {
    if (this.#socket !== null) this.#querier.update();
  }

  /** Doubts everything that was heard before: a sleep lies between. */
  reconfirm(withinMs: number): void {
    this.cache.reconfirm(this.#options.clock.now(), withinMs);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#settle.close();
    this.#responder.close();
    this.#querier.close();
    const socket = this.#socket;
    this.#socket = null;
    await socket?.close();
  }

  #records(): ServiceRecords[] {
    return this.#options.services().map((service) => serviceRecords(service, this.#entry.addresses));
  }

  async #send(packet: DnsPacket, to?: Sender): Promise<void> {
    const socket = this.#socket;
    if (socket === null) return;
    try {
      await Promise.all(encodeSplit(packet).map((bytes) => socket.send(bytes, to)));
    } catch (error) {
      // A legacy asker out of reach says nothing about the interface.
      if (to === undefined) this.#fail(error);
    }
  }

  #receive(bytes: Uint8Array, from: Sender): void {
    const { address, netmask } = this.#entry;
    if (this.#socket === null || !isOnLink(from.address, address, netmask)) return;
    const packet = decodePacket(bytes);
    if (packet === null) return;
    if (!this.#isOwnAddress(from.address)) this.#heard++;
    if (packet.response) this.#handleResponse(packet, from);
    else this.#responder.handleQuery(packet, from);
  }

  #handleResponse(packet: DnsPacket, from: Sender): void {
    const types = new Set(this.#options.types().map(nameKey));
    if (types.size === 0) return;
    const own = this.#records();
    const ownNames = new Set(own.flatMap(({ service }) => [nameKey(service.name), nameKey(service.target)]));
    const strangers: DnsRecord[] = [];
    for (const record of [...packet.answers, ...packet.additionals]) {
      const named = nameKey(record.type === "PTR" ? record.target : record.name);
      if (!ownNames.has(named)) strangers.push(record);
      else this.#checkConflict(record, own, from);
    }
    const wanted = strangers.filter((record) => isWanted(record, types));
    if (this.cache.put(wanted, from.address, this.#options.clock.now())) this.#options.onChange();
    this.#settle.poke();
  }

  /** Own names are unique; who else uses one has copied an identity or a host name. */
  #checkConflict(record: DnsRecord, own: readonly ServiceRecords[], from: Sender): void {
    if (!record.flush || record.ttl === 0 || this.#warnedOfConflict || this.#isOwnAddress(from.address))
      return;
    const identities = new Set(own.flatMap(allRecords).map(recordIdentity));
    if (record.type === "TXT" || identities.has(recordIdentity(record))) return;
    this.#warnedOfConflict = true;
    this.#options.logger.warn("another machine advertises a name of this one", {
      name: record.name,
      from: from.address,
    });
  }

  #isOwnAddress(address: string): boolean {
    return this.#entry.addresses.some((own) => own.address === address);
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    const reason = explainSocketError(error);
    const known = this.#state.state === "failed" && this.#state.reason === reason;
    this.#state = { state: "failed", reason };
    const socket = this.#socket;
    this.#socket = null;
    void socket?.close();
    if (!known)
      this.#options.logger.warn("interface cannot be used", {
        interface: this.name,
        address: this.#entry.address,
        reason,
      });
  }
}
