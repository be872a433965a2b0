import { readFile, stat } from "node:fs/promises";
import { eventually, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { startApp } from "../start-app.ts";
import { ask, DEADLINE_MS, enter, prepare } from "../support.ts";

describe("a second start", () => {
  it("asks the app that runs for another window, and ends", async () => {
    await using dir = await temporaryDirectory();
    const setup = await prepare(dir);
    await using app = await startApp(setup);
    await expect(startApp(setup)).rejects.toThrow("it ended with 0");
    await eventually(() => app.addresses.length === 2, { what: "another window", deadlineMs: DEADLINE_MS });
    for (const address of app.addresses) expect((await ask(address)).status).toBe(303);
  });

  it("starts anew where the app that ran was killed, at the same place for the same session", async () => {
    await using dir = await temporaryDirectory();
    const setup = await prepare(dir);
    const killed = await startApp(setup);
    const { origin, cookie } = await enter(killed.address);
    await killed.kill();
    await using app = await startApp(setup);
    expect(new URL(app.address).origin).toBe(origin);
    expect((await ask(`${origin}/`, { cookie })).status).toBe(200);
  });

  it("lets nobody but the user read where the door is", async () => {
    await using dir = await temporaryDirectory();
    await using app = await startApp(await prepare(dir));
    const file = dir.join("state", "desktop-door.json");
    const { cookie } = await enter(app.address);
    expect(await readFile(file, "utf8")).toContain(cookie.split("=")[1]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(dir.join("state"))).mode & 0o777).toBe(0o700);
    for (const line of app.log) expect(line).not.toContain(cookie.split("=")[1]);
  });
});
