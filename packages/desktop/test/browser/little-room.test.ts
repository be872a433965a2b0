import { writeFile } from "node:fs/promises";
import { seededBytes } from "@lanspread/testkit";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browserUnavailable, IN_A_BROWSER, startBrowser, type TestBrowser } from "./browser.ts";
import { pacedSocket } from "./paced-socket.ts";
import { createParty, type TestGame } from "./party.ts";

const MIB = 1024 ** 2;
const PRINCE: TestGame = {
  id: "prince",
  name: "أمير بلاد فارس: رمال الزمن – النسخة الكاملة مع كل الإضافات والمهمات والخرائط الجديدة واللاعبين والأسلحة",
  files: { "prince.txt": "p" },
};
const DOOM: TestGame = { id: "doom", name: "Doom", files: { "doom.wad": seededBytes(2, 30 * MIB) } };
const SOMEBODY = "محمد عبد الرحمن بن عبد العزيز آل سعود الكبير جدا";

/** Of the source, bytes per second: so little that a download takes some seconds. */
const SLOW = 3 * MIB;

/** For steps of a person, on a machine that has other things to do. */
const SOON = { timeout: 30_000 };

describe.skipIf(browserUnavailable !== undefined)(`what has little room${IN_A_BROWSER}`, () => {
  let browser: TestBrowser;

  beforeAll(async () => {
    browser = await startBrowser();
  });

  afterAll(() => browser[Symbol.asyncDispose]());

  it("shows how names begin, also those that are written from right to left", async () => {
    await using party = await createParty([PRINCE]);
    const desktop = await party.start();
    const somebody = await party.join(SOMEBODY, [PRINCE]);
    await desktop.host.peer.send({ type: "connect", addr: somebody.addr });
    const page = await browser.open(desktop.openAddress());
    await page.locator(".card h2").waitFor(SOON);
    // Of more than one line the last one is cut, at its end.
    expect(await page.evaluate(`getComputedStyle(document.querySelector(".card h2")).direction`)).toBe("rtl");
    await page.evaluate(`location.hash = "#/party"`);
    await page.locator(".grid-box thead th", { hasText: SOMEBODY }).waitFor(SOON);
    for (const where of [".person-name", ".grid-box thead th", ".grid-box .title a"]) {
      expect(await startsOf(page, where), where).not.toContainEqual(
        expect.objectContaining({ isSeen: false }),
      );
      expect(await startsOf(page, where), where).toContainEqual({ isSeen: true, isCut: true });
    }
    await page.context().close();
  });

  it("has all ways out of a step of the welcome beside each other, in German too", async () => {
    await using party = await createParty([]);
    await writeFile(party.dir.join("mine", "state", "desktop.json"), "{}");
    const address = (await party.start()).openAddress();
    const page = await browser.open(address, { width: 360, height: 740, locale: "de-DE" });
    await page.getByRole("button", { name: "Weiter" }).click(SOON);
    const ways = ["Überspringen", "Zurück", "Weiter"].map((name) => page.getByRole("button", { name }));
    await ways[1]?.waitFor(SOON);
    const boxes = await Promise.all(ways.map((way) => way.boundingBox()));
    expect(new Set(boxes.map((box) => box?.y)).size).toBe(1);
    await page.context().close();
  });

  it("stays where it is when a transfer begins, and shows no name below its progress", async () => {
    await using party = await createParty([DOOM], {}, { socket: pacedSocket(SLOW) });
    const page = await browser.open((await party.start()).openAddress(), { width: 360, height: 740 });
    const button = page.getByRole("button", { name: "Download: Doom" });
    await button.waitFor(SOON);
    const before = await page.locator(".top-bar").boundingBox();
    expect(await coverText(page)).not.toBe("rgba(0, 0, 0, 0)");
    await button.click(SOON);
    await page.locator(".room .in").waitFor(SOON);
    expect(await page.locator(".top-bar").boundingBox()).toEqual(before);
    await expect.poll(() => coverText(page), SOON).toBe("rgba(0, 0, 0, 0)");
    await page.context().close();
  });
});

/** Of each of these elements: whether the first letter is seen, and whether something of it is not. */
function startsOf(page: Page, selector: string): Promise<{ isSeen: boolean; isCut: boolean }[]> {
  return page.evaluate(`
    [...document.querySelectorAll(${JSON.stringify(selector)})].map((element) => {
      const range = document.createRange();
      range.setStart(element.firstChild, 0);
      range.setEnd(element.firstChild, 1);
      const [letter, box] = [range.getBoundingClientRect(), element.getBoundingClientRect()];
      return {
        isSeen: letter.left >= box.left - 1 && letter.right <= box.right + 1,
        isCut: element.scrollWidth > element.clientWidth,
      };
    })
  `);
}

/** Colour of the name that is written on a cover. */
function coverText(page: Page): Promise<string> {
  return page.evaluate(`getComputedStyle(document.querySelector(".cover.made"), "::after").color`);
}
