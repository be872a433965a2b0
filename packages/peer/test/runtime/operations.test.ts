import { asGameId } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { PeerError } from "../../src/errors/index.ts";
import { OperationTable } from "../../src/runtime/operations.ts";

const quake = asGameId("quake");
const doom = asGameId("doom");

describe("the operation table", () => {
  it("has one slot per game", () => {
    const table = new OperationTable();
    const download = table.begin(quake, "downloading");
    expect(() => table.begin(quake, "installing")).toThrow(
      expect.objectContaining({ code: "operation-in-progress", message: expect.stringContaining("quake") }),
    );
    table.begin(doom, "installing");
    expect(table.list()).toEqual([
      { gameId: "quake", kind: "downloading" },
      { gameId: "doom", kind: "installing" },
    ]);
    table.end(download);
    expect(table.isBusy(quake)).toBe(false);
    expect(table.isBusy(doom)).toBe(true);
  });

  it("says once what has changed, however many begin or end at the same moment", () => {
    const table = new OperationTable();
    expect(table.takeChange()).toBeNull();
    const download = table.begin(quake, "downloading");
    table.begin(doom, "installing");
    expect(table.takeChange()).toEqual(table.list());
    expect(table.takeChange()).toBeNull();
    const install = table.change(download, "installing");
    expect(table.takeChange()).toEqual(table.list());
    table.end(install);
    table.begin(quake, "uninstalling");
    expect(table.takeChange()).toEqual([
      { gameId: "doom", kind: "installing" },
      { gameId: "quake", kind: "uninstalling" },
    ]);
  });

  it("goes from one kind to the next without leaving the slot", () => {
    const table = new OperationTable();
    const download = table.begin(quake, "downloading");
    const install = table.change(download, "installing");
    expect(table.list()).toEqual([{ gameId: "quake", kind: "installing" }]);
    expect(install.controller).toBe(download.controller);
    table.end(install);
    expect(table.list()).toEqual([]);
  });

  it("lets nobody leave a slot that is not theirs", () => {
    const table = new OperationTable();
    const first = table.begin(quake, "downloading");
    table.end(first);
    table.begin(quake, "installing");
    expect(() => table.end(first)).toThrow(expect.objectContaining({ code: "internal" }));
    expect(table.isBusy(quake)).toBe(true);
  });

  it("refuses everything while it is closed, also when the work fails", async () => {
    const table = new OperationTable();
    const reason = new PeerError("operation-in-progress", "moving house");
    await expect(
      table.closedDuring(reason, async () => {
        expect(() => table.begin(quake, "downloading")).toThrow(reason);
        await expect(table.closedDuring(reason, async () => {})).rejects.toBe(reason);
        throw new Error("burst pipe");
      }),
    ).rejects.toThrow("burst pipe");
    expect(table.begin(quake, "downloading").kind).toBe("downloading");
  });

  it("stays closed until everybody who has closed it has ended", async () => {
    const table = new OperationTable();
    const moving = new PeerError("operation-in-progress", "moving house");
    const mending = new PeerError("operation-in-progress", "mending");
    const mended = Promise.withResolvers<void>();
    let mend: Promise<void> | undefined;
    await table.closedDuring(moving, async () => {
      mend = table.alsoClosedDuring(mending, () => mended.promise);
      expect(() => table.begin(quake, "downloading")).toThrow(moving);
    });
    expect(() => table.begin(quake, "downloading")).toThrow(mending);
    await expect(table.closedDuring(moving, async () => {})).rejects.toBe(mending);
    mended.resolve();
    await mend;
    expect(table.begin(quake, "downloading").kind).toBe("downloading");
  });

  it("hands the reason to every operation", () => {
    const table = new OperationTable();
    const operations = [table.begin(quake, "downloading"), table.begin(doom, "installing")];
    const reason = new PeerError("shutting-down", "bye");
    table.abortAll(reason);
    for (const { controller } of operations) expect(controller.signal.reason).toBe(reason);
  });
});
