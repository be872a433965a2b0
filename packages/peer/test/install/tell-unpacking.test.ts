import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createUnrarJsUnpacker } from "../../src/install/index.ts";
import { createLogger, joinLoggers, type LogEntry } from "../../src/logger.ts";
import { createGame, GAME, install } from "./installing.ts";

interface Told {
  readonly log: LogEntry[];
  readonly logger: ReturnType<typeof createLogger>;
}

function listen(): Told {
  const log: LogEntry[] = [];
  return { log, logger: createLogger({ level: "debug", sink: (entry) => log.push(entry) }) };
}

function unpacking({ log }: Told): readonly LogEntry[] {
  return log.filter(({ name }) => name === "lanspread:unpack");
}

describe("the log of an unpacking", () => {
  it("names archive and every entry in their order, also those between two reports, and how it ended", async () => {
    const many = Array.from({ length: 40 }, (_, index) => ({
      name: `maps/${index}.bsp`,
      content: `${index}`,
    }));
    await using rig = await createGame({ "a.eti": GAME, "b.eti": many });
    const told = listen();
    await install(rig, { logger: told.logger });
    const entries = unpacking(told);
    expect(
      entries.map(({ level, fields }) => `${level} ${fields["archive"]} ${fields["path"] ?? ""}`),
    ).toEqual([
      "info a.eti ",
      ...["saves", "data/level.bin", "game.exe"].map((path) => `debug a.eti ${path}`),
      "info a.eti ",
      "info b.eti ",
      ...many.map(({ name }) => `debug b.eti ${name}`),
      "info b.eti ",
    ]);
    expect(entries[0]?.fields).toMatchObject({ gameId: "ggoo", entries: 3, bytes: 1_000_008, solid: false });
    expect(entries.at(-1)?.fields).toMatchObject({ gameId: "ggoo", files: 40 });
  });

  it("says at which entry an archive turned out to be damaged, and why", async () => {
    await using rig = await createGame({ "a.eti": GAME });
    const archive = join(rig.root, "a.eti");
    const file = await open(archive, "r+");
    await file.write(Buffer.from("damage"), 0, 6, Math.floor((await stat(archive)).size / 2));
    await file.close();
    const told = listen();
    await expect(install(rig, { logger: told.logger })).rejects.toMatchObject({ code: "archive-damaged" });
    const entries = unpacking(told);
    expect(entries.some(({ fields }) => fields["path"] === "data/level.bin")).toBe(true);
    expect(entries.some(({ fields }) => fields["path"] === "game.exe")).toBe(false);
    expect(entries.at(-1)).toMatchObject({
      level: "error",
      fields: {
        archive: "a.eti",
        code: "archive-damaged",
        reason: expect.stringContaining("data/level.bin"),
      },
    });
  });

  it("says that an archive cannot even be listed", async () => {
    await using rig = await createGame({}, { "a.eti": "this is no archive" });
    const told = listen();
    await expect(install(rig, { logger: told.logger })).rejects.toThrow("a.eti");
    expect(unpacking(told)).toMatchObject([{ level: "error", fields: { gameId: "ggoo", archive: "a.eti" } }]);
  });

  it("tells of copied files where there is no archive, and takes a cancellation for no failure", async () => {
    await using rig = await createGame({}, { "game.exe": "the game", "data/level": "x" });
    const told = listen();
    await install(rig, { logger: told.logger });
    expect(
      unpacking(told).map(({ level, fields }) => `${level} ${fields["path"] ?? fields["files"]}`),
    ).toEqual(["info 2", "debug data/level", "debug game.exe", "info 2"]);

    await using other = await createGame({ "a.eti": GAME });
    const cancelled = listen();
    const asked = new AbortController();
    const unpacker = createUnrarJsUnpacker();
    const ended = install(other, {
      logger: cancelled.logger,
      signal: asked.signal,
      unpacker: {
        ...unpacker,
        unpack: (options) => {
          asked.abort();
          return unpacker.unpack(options);
        },
      },
    });
    await expect(ended).rejects.toThrow();
    expect(unpacking(cancelled).map(({ level }) => level)).toEqual(["info", "info"]);
  });
});

describe("joined loggers", () => {
  it("tell each what its level lets through, children as well", () => {
    const [all, few] = [listen(), [] as LogEntry[]];
    const logger = joinLoggers(
      all.logger,
      createLogger({ name: "x", level: "warn", sink: (entry) => few.push(entry) }),
    );
    logger.child("serve").debug("one", { a: 1 });
    logger.child("serve").child("deep").error("two");
    expect(all.log.map(({ name, message }) => `${name} ${message}`)).toEqual([
      "lanspread:serve one",
      "lanspread:serve:deep two",
    ]);
    expect(few.map(({ name, message }) => `${name} ${message}`)).toEqual(["x:serve:deep two"]);
    expect(logger.name).toBe("lanspread");
  });
});
