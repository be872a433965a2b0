import { mkdir, writeFile } from "node:fs/promises";
import { asGameId } from "@lanspread/proto";
import { eventually } from "@lanspread/testkit";
import { expect, it } from "vitest";
import { createRig, enter, TestPage } from "../support.ts";

const gameId = asGameId("quake");

it("a page can ask for what only the disk knows of a game", async () => {
  await using rig = await createRig();
  const root = rig.dir.join("games", gameId);
  await mkdir(root);
  await writeFile(`${root}/version.ini`, "20240101");
  await writeFile(`${root}/quake.txt`, "fragged");
  const desktop = await rig.start();
  const page = await TestPage.open(await enter(desktop.openAddress()));
  const look = async () => await page.ask({ type: "look-at-game", gameId });
  expect(await look()).toMatchObject({
    data: { holders: {}, installedVersion: null, bringsServer: false, warnings: [] },
  });
  await page.ask({ type: "command", command: { type: "install-game", gameId } });
  await page.until((message) => message.type === "event" && message.event.type === "install-finished");
  expect(await look()).toMatchObject({ data: { installedVersion: "20240101", bringsServer: false } });
  await writeFile(`${root}/local/server_start.sh`, "");
  expect(await look()).toMatchObject({ data: { bringsServer: true } });
  await writeFile(`${root}/version.ini`, "\n");
  await eventually(async () => JSON.stringify(await look()).includes("version.ini"), {
    what: "the warning about the file",
    deadlineMs: 60_000,
  });
  expect(
    await page.ask({ type: "open-folder", gameId: asGameId("nowhere") }),
    "a folder that is not there",
  ).toMatchObject({ type: "refusal", refusal: { code: "no-such-directory" } });
  page.socket.terminate();
});
