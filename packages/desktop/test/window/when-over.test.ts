import { describe, expect, it } from "vitest";
import { CLOSING_MS, TOKEN_LIFETIME_MS, WINDOWLESS_MS } from "../../shell/constants.ts";
import { isOver, type WindowState } from "../../shell/window/when-over.ts";

const CLOSED: WindowState = {
  browsers: 0,
  windows: 0,
  hasShown: true,
  isElsewhere: false,
  isHandedOver: false,
  isBusy: false,
  windowlessMs: CLOSING_MS,
};

describe("whether the last window was closed", () => {
  it.each<[string, Partial<WindowState>, boolean]>([
    ["the browser has ended, and no connection is left", {}, true],
    ["transfers run, about which the page has asked", { isBusy: true }, true],
    ["the browser has ended a moment ago: its connections may be about to end", { windowlessMs: 10 }, false],
    ["somebody else shows the page", { windows: 1, windowlessMs: 0 }, false],
    [
      "a browser is starting, however long it takes",
      { browsers: 1, hasShown: false, windowlessMs: 1e9 },
      false,
    ],
    ["the page is loaded anew", { browsers: 1, windowlessMs: 2_000 }, false],
    ["the browser runs on without a window, as on macOS", { browsers: 1, windowlessMs: WINDOWLESS_MS }, true],
    [
      "a browser nobody knows of was handed the window, and loads it",
      { isHandedOver: true, windowlessMs: 5_000 },
      false,
    ],
    [
      "a browser nobody knows of has shown no window",
      { isHandedOver: true, windowlessMs: WINDOWLESS_MS },
      true,
    ],
    [
      "nobody has opened the address yet",
      { isElsewhere: true, hasShown: false, windowlessMs: WINDOWLESS_MS },
      false,
    ],
    [
      "nobody can open the address any more",
      { isElsewhere: true, hasShown: false, windowlessMs: TOKEN_LIFETIME_MS },
      true,
    ],
    [
      "the tab in the user's browser was closed a moment ago",
      { isElsewhere: true, windowlessMs: 5_000 },
      false,
    ],
    [
      "the tab in the user's browser is gone for good",
      { isElsewhere: true, windowlessMs: WINDOWLESS_MS },
      true,
    ],
    [
      "a tab is gone, but games are on their way",
      { isElsewhere: true, isBusy: true, windowlessMs: 1e9 },
      false,
    ],
  ])("%s", (_, state, over) => {
    expect(isOver({ ...CLOSED, ...state })).toBe(over);
  });
});
