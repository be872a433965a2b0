import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PATH_RULES, type PathRule } from "@lanspread/proto";
import { VERSION } from "../library/games.ts";
import type { GamePlan } from "../library/make-game.ts";
import { absent, sameGame } from "../proofs/on-disk.ts";
import { equal } from "../proofs/prove.ts";
import type { Scenario } from "../scenario.ts";
import type { LocalGameLine, StagePeer } from "../stage/stage-peer.ts";

/** "ä" as one letter with a mark behind it: the form that paths on the wire must not have. */
const DECOMPOSED = "a\u0308.txt";

/** What the path rules refuse, by the id of the game that has it: the files, of which the last one is refused, and by which rule. */
const REFUSED: Readonly<Record<string, { readonly files: readonly string[]; readonly rule: PathRule }>> = {
  clash: { files: ["data/Map.dat", "data/map.dat"], rule: "case-clash" },
  device: { files: ["data/CON"], rule: "device" },
  "device-txt": { files: ["aux.txt"], rule: "device" },
  dot: { files: ["data/name."], rule: "trailing" },
  space: { files: ["name "], rule: "trailing" },
  decomposed: { files: [DECOMPOSED], rule: "normalization" },
};

/** Names that other computers cannot store. */
export const NAMES: readonly Scenario[] = [
  {
    id: "S60",
    async run(stage) {
      const good: GamePlan = {
        id: "good",
        version: VERSION,
        archives: {},
        loose: {
          "Größe/日本語/файл 1.txt": "text",
          "emoji 🎮.dat": 70_001,
          // 200 bytes in UTF-8, and 200 letters.
          [`${"ü".repeat(100)}/one`]: 1_000,
          [`${"x".repeat(200)}`]: 1_000,
        },
        seed: 860,
      };
      const owner = await stage.peer("owner", { games: [good], start: false });
      for (const [id, { files }] of Object.entries(REFUSED)) {
        for (const file of files) {
          await mkdir(join(owner.path(id, file), ".."), { recursive: true });
          await writeFile(owner.path(id, file), file);
        }
        await writeFile(owner.path(id, "version.ini"), VERSION);
      }
      await owner.start();
      const client = await stage.peer("client");
      await client.isOffered("good", 1);
      const said = Object.entries(REFUSED).map(([id, { files, rule }]) => {
        const warning = `is not shared: ${JSON.stringify(files.at(-1))}: ${PATH_RULES[rule]}`;
        equal(`what the owner is told about ${id}`, warningsOf(owner, id), [warning]);
        return warning;
      });
      equal(
        "what the client sees",
        (await client.listGames()).map(({ id }) => id),
        ["good"],
      );
      for (const id of Object.keys(REFUSED)) {
        await (await client.begin({ cmd: "download", game_id: id })).endsWith("no-peers-have-game");
        await absent(client.path(id));
      }
      await (await client.download("good", { install: false })).endsWith("download-finished");
      const compared = await sameGame(await stage.know(good), client.path("good"));
      return `${compared}; ${said.length} games refused as a whole, such as: ${said[0]}`;
    },
  },
];

function warningsOf(peer: StagePeer, id: string): readonly string[] {
  const last = peer.harness.events.findLast(({ event }) => event === "local-library-changed");
  const games = (last?.data["games"] ?? []) as readonly LocalGameLine[];
  return games.find((game) => game.id === id)?.warnings ?? [];
}
