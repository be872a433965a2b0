import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  asGameId,
  type GameId,
  type RuntimeEvent,
  type RuntimeEventOf,
  type RuntimeEventType,
} from "@lanspread/proto";
import { eventually, seededBytes, temporaryDirectory, writeRar5 } from "@lanspread/testkit";
import { type Peer, type PeerOptions, startPeer } from "../../src/index.ts";

/** Bytes of the largest entry: some pieces, cut unevenly. */
export const LARGE_BYTES = 5_300_007;
const DEADLINE_MS = 40_000;

/** A peer with its folders, and everything it has said since it was started. */
export interface Member {
  readonly peer: Peer;
  readonly gamesDir: string;
  readonly stateDir: string;
  readonly events: RuntimeEvent[];
  /** The first event of a type, or the first that is accepted; waits for it. */
  event<Type extends RuntimeEventType>(
    type: Type,
    accept?: (event: RuntimeEventOf<Type>) => boolean,
  ): Promise<RuntimeEventOf<Type>>;
}

/** Some peers of one party on 127.0.0.1, in this process. */
export class Party implements AsyncDisposable {
  readonly name = `runtime-test-${randomBytes(6).toString("hex")}`;
  readonly #members: Member[] = [];
  readonly #place: Awaited<ReturnType<typeof temporaryDirectory>>;

  private constructor(place: Awaited<ReturnType<typeof temporaryDirectory>>) {
    this.#place = place;
  }

  static async make(): Promise<Party> {
    return new Party(await temporaryDirectory("lanspread-runtime-"));
  }

  /** Where a member keeps its games and its state; both exist. */
  async folders(name: string): Promise<{ gamesDir: string; stateDir: string }> {
    const gamesDir = this.#place.join(name, "games");
    await mkdir(gamesDir, { recursive: true });
    return { gamesDir, stateDir: this.#place.join(name, "state") };
  }

  path(...names: string[]): string {
    return this.#place.join(...names);
  }

  async start(name: string, options: Partial<PeerOptions> = {}): Promise<Member> {
    const folders = await this.folders(name);
    const peer = await startPeer({
      ...folders,
      name,
      party: this.name,
      interfaces: ["127.0.0.1"],
      listen: "127.0.0.1:0",
      ...options,
    });
    const events: RuntimeEvent[] = [];
    peer.onEvent((event) => events.push(event));
    const member: Member = {
      ...folders,
      peer,
      events,
      event: (type, accept = () => true) =>
        eventually(
          () =>
            events.find(
              (event): event is RuntimeEventOf<typeof type> => event.type === type && accept(event as never),
            ) as never,
          { what: `${type} at ${name}`, deadlineMs: DEADLINE_MS },
        ).catch((error: unknown) => {
          throw new Error(`${type} at ${name} did not come, but:\n${tell(events)}`, { cause: error });
        }),
    };
    this.#members.push(member);
    return member;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#members.map(({ peer }) => peer.stop()));
    await this.#place[Symbol.asyncDispose]();
  }
}

/** The last events, but for those that come by the dozen. */
function tell(events: readonly RuntimeEvent[]): string {
  const rare = events.filter(({ type }) => !/-(?:progress|chunk-finished)$/u.test(type));
  return rare
    .slice(-20)
    .map((event) => JSON.stringify(event).slice(0, 300))
    .join("\n");
}

/** Makes a game with an archive of several entries, and payload beside it. */
export async function makeGame(gamesDir: string, id: string, version = "20240101"): Promise<GameId> {
  const root = join(gamesDir, id);
  await mkdir(join(root, "extras"), { recursive: true });
  await writeRar5(join(root, `${id}.eti`), [
    { name: "game.exe", content: seededBytes(1, 100_003) },
    { type: "directory", name: "data" },
    { name: "data/world.dat", content: seededBytes(2, LARGE_BYTES) },
    { name: "data/empty.txt", content: "" },
  ]);
  await writeFile(join(root, "extras", "manual.txt"), "Read me.\n");
  await writeFile(join(root, "version.ini"), `${version}\n`);
  return asGameId(id);
}

/** The bytes of some files of a game root. */
export async function contentOf(gamesDir: string, id: string, paths: readonly string[]): Promise<Buffer[]> {
  return Promise.all(paths.map((path) => readFile(join(gamesDir, id, path))));
}

/** Waits until a member's view of the party has a game that somebody else can serve, with known digests. */
export async function offered(member: Pick<Member, "peer">, gameId: GameId): Promise<void> {
  await eventually(
    async () => {
      const { manifest } = await member.peer.send({ type: "fetch-latest-from-peers", gameId });
      return manifest.content_id !== null;
    },
    { what: `${gameId} with its digests`, deadlineMs: DEADLINE_MS },
  );
}

/** Waits until a member has said of all its games which digests they have: until then it says so of one after the other. */
export async function digested(member: Member): Promise<void> {
  // By its event: what is shown may be a revision ahead.
  await member.event(
    "local-library-changed",
    ({ games }) => games.length > 0 && games.every(({ contentId }) => contentId !== null),
  );
}
