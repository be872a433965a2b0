import { readFile, rm, writeFile } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import { ALIENSWARM } from "../library/games.ts";
import type { GamePlan } from "../library/make-game.ts";
import { absent, entriesAre, same, sameGame } from "../proofs/on-disk.ts";
import { equal, prove } from "../proofs/prove.ts";
import type { Scenario } from "../scenario.ts";
import type { Stage } from "../stage/stage.ts";
import type { StagePeer } from "../stage/stage-peer.ts";
import { digestTree } from "../tree-digest.ts";
import { cast } from "./cast.ts";

const CANCELLED_WITHIN_MS = 1_000;
const UP_MBIT = 300;
/** The last file of alienswarm's archive. */
const DAMAGED = "swarm/swarm.exe";

/** What everybody has first; the newer one lacks a file of it. */
const OLD: GamePlan = {
  ...ALIENSWARM,
  version: "20230101",
  loose: { "old/notes.txt": "before\n" },
  seed: 210,
};
const NEW: GamePlan = {
  ...ALIENSWARM,
  version: "20240601",
  loose: { "new/notes.txt": "after\n" },
  seed: 220,
};

/** Newer versions, and downloads that are cancelled. */
export const UPDATING: readonly Scenario[] = [
  {
    id: "S15",
    async run(stage) {
      const { client, source } = await withOldVersion(stage);
      await replaceVersion(stage, source);
      await client.until(
        "the newer version",
        async () => (await client.game("alienswarm"))?.version === NEW.version,
      );
      const root = client.path("alienswarm");
      const operation = await client.download("alienswarm", { install: false, latest: true });
      await operation.told("download-begin");
      const watch = watchSentinel(`${root}/version.ini`);
      await operation.endsWith("download-finished");
      equal("versions seen beside new archives", await watch.stop(), []);
      const compared = await sameGame(await stage.know(NEW), root);
      await absent(`${root}/old`, `${root}/.version.ini.discarded`);
      return `${compared}; the old version's own file is gone; ${watch.looks} looks saw no old sentinel meanwhile`;
    },
  },
  {
    id: "S26",
    cores: 2,
    async run(stage) {
      const { client, sources } = await cast(stage, OLD, { upMbit: UP_MBIT });
      const [source] = sources;
      const root = client.path("alienswarm");
      const fresh = await cancelAtHalf(client);
      await entriesAre(client.games, []);
      // At once, and to its end this time.
      await (await client.begin({ cmd: "download", game_id: "alienswarm" })).endsWith("install-finished");
      await writeFile(`${root}/local/save.dat`, "my save");
      const before = await digestTree(`${root}/local`);
      await replaceVersion(stage, source);
      await client.until(
        "the newer version",
        async () => (await client.game("alienswarm"))?.version === NEW.version,
      );
      const update = await cancelAtHalf(client, { latest: true });
      await entriesAre(root, ["local"]);
      same("local/ behind the cancel", before, await digestTree(`${root}/local`));
      const line = await client.game("alienswarm");
      equal("downloaded and installed", [line?.downloaded, line?.installed], [false, true]);
      const again = await client.begin({ cmd: "download", game_id: "alienswarm", install: false });
      await again.endsWith("download-finished");
      const compared = await sameGame(await stage.know(NEW), root);
      const kept = same("local/", before, await digestTree(`${root}/local`));
      return `gone ${fresh} and ${update} ms after cancel; ${kept}, before and behind the cancel; ${compared}`;
    },
  },
  {
    id: "S59",
    async run(stage) {
      const { client, sources } = await cast(stage, OLD, { upMbit: UP_MBIT });
      const [source] = sources;
      const local = client.path("alienswarm", "local");
      await (await client.download("alienswarm")).endsWith("install-finished");
      await writeFile(`${local}/save.dat`, "my save");
      const before = await digestTree(local);
      const { files } = NEW.archives["alienswarm.eti"] ?? { files: {} };
      await replaceVersion(stage, source, {
        ...NEW,
        archives: { "alienswarm.eti": { files, damaged: true } },
      });
      await client.until(
        "the newer version",
        async () => (await client.game("alienswarm"))?.version === NEW.version,
      );
      const operation = await client.download("alienswarm", { latest: true });
      await operation.told("download-finished");
      const end = await operation.endsWith("install-failed");
      const message = String(end.data["message"]);
      equal("the reason", end.data["code"], "archive-damaged");
      for (const name of ["alienswarm.eti", DAMAGED]) {
        prove(message.includes(name), `the message names ${name}: ${message}`);
      }
      const compared = same("the old local/", before, await digestTree(local));
      // The new download is whole all the same: nothing of the archive is known to be damaged but by who unpacks it.
      await entriesAre(client.path("alienswarm"), ["alienswarm.eti", "local", "new", "version.ini"]);
      equal("installed", (await client.game("alienswarm"))?.installed, true);
      return `archive-damaged: ${message}; ${compared}, the saved game among them`;
    },
  },
];

/** A client that has downloaded the old version from a source that has it still. */
async function withOldVersion(
  stage: Stage,
): Promise<{ readonly client: StagePeer; readonly source: StagePeer }> {
  const { client, sources, game } = await cast(stage, OLD, { upMbit: UP_MBIT });
  await (await client.download("alienswarm", { install: false })).endsWith("download-finished");
  await sameGame(game, client.path("alienswarm"));
  return { client, source: sources[0] };
}

/** The source's owner replaces the folder of the game, as one does who has got a newer one. */
async function replaceVersion(stage: Stage, source: StagePeer, plan = NEW): Promise<void> {
  await rm(source.path("alienswarm"), { recursive: true });
  await stage.place(plan, source.games);
}

/** Downloads, cancels at half, and resolves with the time from the command to the end event, ms. */
async function cancelAtHalf(client: StagePeer, options: { readonly latest?: boolean } = {}): Promise<number> {
  const operation = await client.download("alienswarm", { install: false, ...options });
  await operation.reaches(0.5);
  const cancelledAt = Date.now();
  await client.send({ cmd: "cancel-download", game_id: "alienswarm" });
  const { time } = await operation.endsWith("download-cancelled");
  const took = time - cancelledAt;
  prove(took <= CANCELLED_WITHIN_MS, `cancelled within ${CANCELLED_WITHIN_MS} ms, not ${took} ms`);
  return took;
}

/** Looks at a sentinel again and again; `stop` tells which old versions were seen. */
function watchSentinel(path: string) {
  let looks = 0;
  let isOver = false;
  const seen = new Set<string>();
  const run = async (): Promise<void> => {
    while (!isOver) {
      const text = await readFile(path, "utf8").catch(() => "");
      looks += 1;
      if (text.includes(OLD.version)) seen.add(OLD.version);
      await nextTurn();
    }
  };
  const running = run();
  return {
    get looks() {
      return looks;
    },
    async stop(): Promise<readonly string[]> {
      isOver = true;
      await running;
      return [...seen];
    },
  };
}
