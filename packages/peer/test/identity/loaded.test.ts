import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryDirectory } from "@lanspread/testkit";
import { expect, it } from "vitest";

const run = promisify(execFile);

const PROGRAM = `
  import { registerHooks } from "node:module";
  const loaded = [];
  registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
  const identity = await import(${JSON.stringify(new URL("../../src/identity/index.ts", import.meta.url).href)});
  const { openStateDir } = await import(${JSON.stringify(new URL("../../src/storage/index.ts", import.meta.url).href)});
  const stateDir = await openStateDir(process.env.STATE);
  const { peerId } = await identity.openIdentity({ stateDir, partyCa: await identity.loadPartyCa() });
  console.log(JSON.stringify([peerId, loaded.some((url) => url.includes("@peculiar/x509"))]));
`;

it("loads what makes certificates when one is made, and not where everything is there", async () => {
  await using directory = await temporaryDirectory();
  const start = async () => {
    const args = ["--conditions=source", "--input-type=module", "-e", PROGRAM];
    const env = { ...process.env, STATE: join(directory.path, "state") };
    const { stdout } = await run(process.execPath, args, { env });
    return JSON.parse(stdout) as [peerId: string, isLoaded: boolean];
  };
  const [peerId, isLoaded] = await start();
  expect(isLoaded).toBe(true);
  expect(await start()).toEqual([peerId, false]);
});
