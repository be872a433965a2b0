import { createLogger, startPeer } from "@lanspread/peer";
import { asGameId, type RuntimeEvent } from "@lanspread/proto";
import { peakRssBytes } from "@lanspread/testkit";
import { say, settings, told } from "../child.ts";
import { cpuSeconds } from "../cpu.ts";
import { now } from "../moment.ts";
import { STEP_DEADLINE_MS } from "./constants.ts";
import type { Answers, Listening, PeerIsTold, PeerSettings } from "./messages.ts";
import { type Arrival, steadyMbPerS } from "./steady.ts";

// A real peer in a process of its own, that does one thing after the other and says what it took.

const { address, ...own } = settings<PeerSettings>();
const peer = await startPeer({
  ...own,
  ...(address === null ? {} : { interfaces: [address], listen: `${address}:0` }),
  discovery: null,
  logger: createLogger({
    level: "error",
    sink: ({ message, fields }) =>
      process.stderr.write(`${own.name}: ${message} ${String(fields["error"])}\n`),
  }),
});
say({ addr: peer.addr } satisfies Listening);
for await (const message of told()) say(await answer(message as PeerIsTold));
await peer.stop();

async function answer(asked: PeerIsTold): Promise<Answers[PeerIsTold["kind"]]> {
  switch (asked.kind) {
    case "index":
      await until(`${asked.games.join(", ")} to be indexed`, () => {
        const { localGames } = peer.snapshot();
        const ready = localGames.filter(({ contentId }) => contentId !== null).map(({ id }) => id as string);
        return asked.games.every((id) => ready.includes(id));
      });
      return { indexed: true };
    case "meet":
      await peer.send({ type: "connect", addr: asked.addr });
      return { met: true };
    case "fetch":
      return await fetch(asked);
    case "install":
      return await install(asked);
    case "sample":
      return { cpuSeconds: cpuSeconds(), peakRssBytes: peakRssBytes() };
  }
}

async function fetch({ gameId: id, sources }: PeerIsTold & { kind: "fetch" }): Promise<Answers["fetch"]> {
  const gameId = asGameId(id);
  await until(`${sources} sources of ${id}`, () => {
    const { games } = peer.snapshot();
    return games.some((game) => game.id === id && !game.downloaded && game.peerCount === sources);
  });
  const usedBefore = cpuSeconds();
  const arrivals: Arrival[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<Answers["fetch"]>();
  let begunAt = 0;
  const forget = peer.onEvent((event) => {
    if (!("gameId" in event) || event.gameId !== gameId) return;
    const at = now();
    if (event.type === "download-begin") {
      begunAt = at;
    } else if (event.type === "download-chunk-finished") {
      arrivals.push({ at, bytes: event.length });
    } else if (event.type === "download-finished") {
      const { bytes, retried } = event;
      resolve({
        ...{ bytes, retried, begunAt, endedAt: at },
        steadyMbPerS: steadyMbPerS(arrivals, bytes),
        cpuSeconds: cpuSeconds() - usedBefore,
      });
    } else if (isBadEnd(event)) {
      reject(new Error(`${own.name}: ${JSON.stringify(event)}`));
    }
  });
  try {
    await peer.send({ type: "download-game-files", gameId, install: false });
    return await promise;
  } finally {
    forget();
  }
}

async function install({ gameId: id, how }: PeerIsTold & { kind: "install" }): Promise<Answers["install"]> {
  const gameId = asGameId(id);
  await until(`a source of ${id}`, () => {
    const { games } = peer.snapshot();
    return games.some((game) => game.id === id && !game.downloaded && !game.installed && game.peerCount > 0);
  });
  const [usedBefore, begunAt] = [cpuSeconds(), now()];
  const { promise, resolve, reject } = Promise.withResolvers<Answers["install"]>();
  const forget = peer.onEvent((event) => {
    if (!("gameId" in event) || event.gameId !== gameId) return;
    if (event.type === "install-finished" || event.type === "stream-install-finished") {
      const { bytes } = event;
      resolve({ bytes, begunAt, endedAt: now(), cpuSeconds: cpuSeconds() - usedBefore });
    } else if (isBadEnd(event)) {
      reject(new Error(`${own.name}: ${JSON.stringify(event)}`));
    }
  });
  try {
    await peer.send(
      how === "streamed"
        ? { type: "stream-install-game", gameId }
        : { type: "download-game-files", gameId, install: true },
    );
    return await promise;
  } finally {
    forget();
  }
}

function isBadEnd({ type }: RuntimeEvent): boolean {
  return type.endsWith("-failed") || type === "download-cancelled" || type === "no-peers-have-game";
}

/** Looks again at every event. Rejects at the deadline. */
async function until(what: string, isSo: () => boolean): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const look = (): void => {
    if (isSo()) resolve();
  };
  const forget = peer.onEvent(look);
  const late = setTimeout(
    () => reject(new Error(`${own.name} waited too long for ${what}`)),
    STEP_DEADLINE_MS,
  );
  look();
  try {
    await promise;
  } finally {
    clearTimeout(late);
    forget();
  }
}
