import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RunningCli, runCli, startCli } from "./support/cli.ts";
import { makePlace, type PeerPlace, type Place } from "./support/place.ts";
import { until } from "./support/test-harness.ts";

let place: Place;
let attic: PeerPlace;

beforeEach(async () => {
  place = await makePlace();
  attic = await place.peer("attic");
});

afterEach(() => place[Symbol.asyncDispose]());

const ADDRESS = /http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}/gu;

function addresses(cli: RunningCli): string[] {
  return cli.stderr().match(ADDRESS) ?? [];
}

describe("lanspread desktop --no-window", () => {
  it("prints an address that opens the page, another one at a second start, and ends with 0 at Ctrl+C", async () => {
    const args = ["desktop", "--no-window", ...attic.args];
    const cli = place.owns(startCli(args));
    await until(`an address, after\n${cli.stderr()}`, () => addresses(cli).length === 1);
    const [address = ""] = addresses(cli);
    const entered = await fetch(address, { redirect: "manual" });
    expect(entered.status).toBe(303);
    const [cookie = ""] = entered.headers.getSetCookie()[0]?.split(";") ?? [];
    const page = await fetch(new URL("/", address), { headers: { cookie } });
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("<title>lanspread</title>");
    expect((await fetch(address, { redirect: "manual" })).status).toBe(401);

    const second = await runCli(args);
    expect(second).toMatchObject({ code: 0, stdout: "" });
    expect(second.stderr).toContain("lanspread runs already");
    await until("another address", () => addresses(cli).length === 2);
    expect((await fetch(addresses(cli)[1] ?? "", { redirect: "manual" })).status).toBe(303);

    cli.child.kill("SIGINT");
    expect(await cli.ended).toMatchObject({ code: 0, stdout: "" });
  });

  it("says who has the folder where that is no app", async () => {
    const harness = await place.harness(attic);
    const { code, stderr } = await runCli(["desktop", "--no-window", ...attic.args]);
    expect(code).toBe(1);
    expect(stderr).toContain("error: ");
    expect(stderr).toContain(String(harness.child.pid));
  });
});
