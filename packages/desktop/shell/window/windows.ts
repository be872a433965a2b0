import type { Logger } from "@lanspread/peer";
import { LOOK_MS, RAISE_MS, RECONNECT_MS } from "../constants.ts";
import type { WindowList } from "../session/window-list.ts";
import { openAppWindow, openInDefaultBrowser, profileIn } from "./app-window.ts";
import { type BrowserProcess, foundBrowser } from "./browser-process.ts";
import { findProfileOwner } from "./profile-owner.ts";
import { raiseWindowOf } from "./raise-window.ts";
import { removeSocket } from "./remove-socket.ts";
import { isOver } from "./when-over.ts";

/** What windows show: the running app. */
export interface ShownApp {
  readonly windows: WindowList;
  /** Windows that are there and wait for the peer: they have not said yet that they are windows. */
  readonly waiting: number;
  readonly logger: Logger;
  /** Whether the peer is at something. */
  readonly isBusy: () => boolean;
  /** An address that opens the page once. */
  openAddress(): string;
}

export interface WindowsOptions {
  readonly stateDir: string;
  /** Whether windows are opened; otherwise their addresses are told, and the app is over when it is asked to end. */
  readonly opensWindows: boolean;
  readonly browserFlags: readonly string[];
  /** An address to be opened by who started the app. */
  readonly onAddress: (address: string) => void;
}

/** The windows of the app: opens them, brings them to the front, and knows when the last one is closed. */
export class Windows {
  readonly #app: ShownApp;
  readonly #options: WindowsOptions;
  readonly #browsers = new Set<BrowserProcess>();
  readonly #over = Promise.withResolvers<void>();
  #isElsewhere = false;
  #isHandedOver = false;
  #hasShown = false;
  #isClosing = false;
  /** What is being opened: it is there, and can be closed, when this has settled. */
  #opening: Promise<unknown> = Promise.resolve();
  #windowlessSince = performance.now();
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #noMoreChanges: () => void;

  constructor(app: ShownApp, options: WindowsOptions) {
    this.#app = app;
    this.#options = options;
    this.#noMoreChanges = app.windows.onChange(() => this.#look());
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Resolves when the last window was closed. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /**
   * Opens the first window; where one of an earlier run is still there, that one is shown.
   *
   * @param start starts what windows show. A new window is opened first: its browser starts meanwhile
   */
  async begin(start: () => Promise<void>): Promise<void> {
    const { opensWindows, stateDir } = this.#options;
    const left = opensWindows ? await findProfileOwner(profileIn(stateDir)) : null;
    if (left !== null) {
      this.#app.logger.child("window").info("a window of the last run is there", { pid: left });
      this.#keep(foundBrowser(left));
    } else if (opensWindows) {
      await this.open();
    }
    await start();
    if (this.#isClosing || (opensWindows && left === null)) return;
    if (left === null) return await this.open();
    await this.#until(() => this.#app.windows.count > 0, RECONNECT_MS);
    await this.show();
  }

  /** Brings a window to the front; where none comes, another one is opened, which does. */
  async show(): Promise<void> {
    const { windows } = this.#app;
    if (this.#options.opensWindows && windows.count > 0) {
      if (windows.hasFocus) return;
      for (const { pid } of this.#browsers) raiseWindowOf(pid);
      if (await this.#until(() => windows.hasFocus, RAISE_MS)) return;
    }
    await this.open();
  }

  open(): Promise<void> {
    const opened = this.#isClosing ? Promise.resolve() : this.#open();
    this.#opening = Promise.allSettled([this.#opening, opened]);
    return opened;
  }

  async #open(): Promise<void> {
    const { opensWindows, browserFlags: flags, onAddress, stateDir } = this.#options;
    const address = this.#app.openAddress();
    if (!opensWindows) {
      onAddress(address);
      return;
    }
    const browser = await openAppWindow({ address, stateDir, flags });
    if (browser !== null) {
      this.#keep(browser);
      return;
    }
    this.#app.logger
      .child("window")
      .warn(
        "no Chromium, Chrome or Edge is here, or CHROME_PATH names none: the page opens in another browser",
      );
    this.#openElsewhere();
  }

  /** Closes all windows; resolves when their browsers have ended. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#timer);
    this.#noMoreChanges();
    await this.#opening;
    await Promise.all([...this.#browsers].map((browser) => browser.close()));
    if (this.#options.opensWindows) await removeSocket(profileIn(this.#options.stateDir));
  }

  #keep(browser: BrowserProcess): void {
    // What was open before counts on: only the first browser has to show something first.
    if (this.#browsers.size === 0) this.#hasShown = this.#app.windows.count > 0;
    this.#browsers.add(browser);
    void browser.ended.then(async ({ code }) => {
      this.#browsers.delete(browser);
      if (this.#isClosing) return;
      if (this.#browsers.size === 0 && !this.#hasShown && this.#app.windows.count === 0) {
        await this.#neverShown(code);
      }
      this.#look();
    });
  }

  /** The only browser has ended without having shown the app. */
  async #neverShown(code: number | null): Promise<void> {
    const log = this.#app.logger.child("window");
    if (code !== 0) {
      // Chromium's sandbox does not start for root.
      const hint = process.getuid?.() === 0 ? { hint: "for root: --browser-flag=--no-sandbox" } : {};
      log.warn("the browser has ended at once: the page is opened elsewhere", { code, ...hint });
      this.#openElsewhere();
      return;
    }
    const owner = await findProfileOwner(profileIn(this.#options.stateDir));
    if (owner !== null) this.#keep(foundBrowser(owner));
    else this.#isHandedOver = true;
  }

  /** The address of the page is good once: this one is another. */
  #openElsewhere(): void {
    this.#isElsewhere = true;
    openInDefaultBrowser(this.#app.openAddress());
    this.#options.onAddress(this.#app.openAddress());
  }

  #look(): void {
    const windows = this.#app.windows.count + this.#app.waiting;
    const now = performance.now();
    if (windows > 0) {
      this.#hasShown = true;
      this.#windowlessSince = now;
    }
    if (!this.#options.opensWindows) return;
    const state = {
      browsers: this.#browsers.size,
      windows,
      hasShown: this.#hasShown,
      isElsewhere: this.#isElsewhere,
      isHandedOver: this.#isHandedOver,
      isBusy: this.#app.isBusy(),
      windowlessMs: now - this.#windowlessSince,
    };
    if (isOver(state)) this.#over.resolve();
  }

  /** @returns whether it came to that in time */
  #until(is: () => boolean, deadlineMs: number): Promise<boolean> {
    if (is()) return Promise.resolve(true);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const late = setTimeout(() => resolve(false), deadlineMs);
    const noMore = this.#app.windows.onChange(() => {
      if (is()) resolve(true);
    });
    return promise.finally(() => {
      clearTimeout(late);
      noMore();
    });
  }
}
