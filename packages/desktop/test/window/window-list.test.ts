import { describe, expect, it } from "vitest";
import { WindowList } from "../../shell/session/window-list.ts";

describe("the list of windows", () => {
  it("has those that have said so, until their connection ends, and knows whether one has the focus", () => {
    const list = new WindowList();
    const seen: string[] = [];
    const noMore = list.onChange(() => seen.push(`${list.count} ${list.hasFocus}`));
    const [one, other] = [new AbortController(), new AbortController()];
    list.tell(one.signal, true);
    list.tell(other.signal, false);
    list.tell(one.signal, false);
    list.tell(other.signal, true);
    other.abort();
    one.abort();
    list.tell(one.signal, true);
    expect(seen).toEqual(["1 true", "2 true", "2 false", "2 true", "1 false", "0 false"]);
    noMore();
    list.tell(new AbortController().signal, true);
    expect(seen).toHaveLength(6);
  });
});
