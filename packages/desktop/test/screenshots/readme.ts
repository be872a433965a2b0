import { execFile, spawn } from "node:child_process";
import { mkdir, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { eventually } from "@lanspread/testkit";
import type { Page } from "playwright-core";
import { startBrowser } from "../browser/browser.ts";

// Takes the README's pictures of the app among players of the demo; needs pngquant:
//
//   node --conditions=source test/screenshots/readme.ts [DIRECTORY]
//
// The directory is docs/ where none is named. The page is the built one.

/** Largest file, bytes: the README shows all of them. */
const MOST_BYTES = 150_000;

/** Of each player of the demo, MB/s: slow enough to be seen half-way. */
const RATE = 3;

/** Names of the built program and of the folder of pictures, from here. */
const PROGRAM = fileURLToPath(new URL("../../../peer-cli/src/main.ts", import.meta.url));
const DOCS = fileURLToPath(new URL("../../../../docs", import.meta.url));

const SOON = { timeout: 60_000 };

interface Shot {
  readonly name: string;
  readonly act: (page: Page) => Promise<void>;
}

const button = (page: Page, name: string) => page.getByRole("button", { name });
/** Asked again and again from here: the page's policy lets nothing ask inside it. */
const percent = (page: Page, least: number): Promise<void> =>
  eventually(
    async () =>
      await page.evaluate(
        `[...document.querySelectorAll("progress")].some(({ value }) => value >= ${least / 100})`,
      ),
    { what: `${least} %`, deadlineMs: SOON.timeout },
  );
const go = async (page: Page, hash: string): Promise<void> => {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
  await page.evaluate("scrollTo(0, 0)");
};

async function callOneself(page: Page, name: string): Promise<void> {
  await go(page, "#/settings");
  const field = page.getByRole("textbox", { name: "Player name" });
  await field.fill(name, SOON);
  await field.press("Enter");
  await go(page, "#/party");
  await page.getByText(name).first().waitFor(SOON);
  // Who has another name comes anew, and finds everybody again.
  await page.getByText("Grace").first().waitFor(SOON);
  await page.getByText("Linus").first().waitFor(SOON);
}

/** In the order of an evening. */
const SHOTS: readonly Shot[] = [
  {
    name: "app-detail",
    act: async (page) => {
      await go(page, "#/game/ember-valley");
      await page.getByText("Linus").waitFor(SOON);
    },
  },
  {
    name: "app-library",
    act: async (page) => {
      await go(page, "#/library");
      for (const name of ["Deep Signal", "Castle of Echoes"])
        await button(page, `Download: ${name}`).click(SOON);
      await percent(page, 20);
    },
  },
  {
    name: "app-download",
    act: async (page) => {
      await go(page, "#/game/nebula-drifters");
      await button(page, "Download").first().click(SOON);
      await percent(page, 45);
    },
  },
  {
    name: "app-party",
    act: async (page) => {
      await go(page, "#/party");
      await page.getByText("Grace").first().waitFor(SOON);
    },
  },
  {
    name: "app-settings",
    act: async (page) => {
      await go(page, "#/settings");
      await page.getByRole("heading").first().waitFor(SOON);
    },
  },
];

/** Writes a picture with as many colours as there is room for. */
async function keepSmall(picture: Buffer, file: string): Promise<void> {
  for (const [colours, dither] of [
    ["256", "--floyd=0.6"],
    ["256", "--floyd=0.3"],
    ["128", "--floyd=0.3"],
    ["256", "--nofs"],
  ] as const) {
    await writeFile(file, picture);
    const flags = ["--force", "--strip", "--speed", "1", dither, "--output", file, colours, file];
    await promisify(execFile)("pngquant", flags);
    if ((await stat(file)).size <= MOST_BYTES) return;
  }
  throw new Error(`${file} has more than ${MOST_BYTES} bytes`);
}

const target = resolve(process.argv[2] ?? DOCS);
await mkdir(target, { recursive: true });
const demo = spawn(
  process.execPath,
  [
    ...["--conditions=source", PROGRAM, "desktop", "--demo", "--demo-rate", String(RATE)],
    ...["--no-window", "-v"],
  ],
  { stdio: ["ignore", "ignore", "pipe"] },
);
const ended = new Promise<void>((over) => demo.once("exit", () => over()));
try {
  let said = "";
  demo.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const isComplete = (): boolean =>
    ["Ada", "Grace", "Linus"].every((name) => said.includes(`came name=${name}`)) && said.includes("?token=");
  await eventually(isComplete, { what: "the demo's party", deadlineMs: 120_000 });
  await using browser = await startBrowser();
  const page = await browser.open(/http:\S+/u.exec(said)?.[0] ?? "");
  await page.getByRole("article").first().waitFor(SOON);
  await callOneself(page, "Robin");
  for (const { name, act } of SHOTS) {
    await act(page);
    await page.mouse.move(640, 799);
    await page.evaluate("Promise.all([...document.images].map((image) => image.decode().catch(() => {})))");
    const file = join(target, `${name}.png`);
    await keepSmall(await page.screenshot({ animations: "disabled" }), file);
  }
} finally {
  demo.kill("SIGINT");
  await ended;
}
