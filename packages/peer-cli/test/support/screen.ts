import { displayWidth } from "../../src/report/width.ts";

const ESCAPE = "\u001b";
const SEQUENCE = new RegExp(`^${ESCAPE}\\[(\\d*)([A-Za-z])`);

/** As much of a terminal as the program uses: what a person sees after the bytes that were written to it. */
export class Screen {
  readonly isTTY = true;
  /** How often something was written. */
  writes = 0;
  /** Lines that were too long for the terminal, and were broken by it. */
  broken = 0;
  readonly columns: number;
  readonly rows: number;
  readonly #lines: string[] = [""];
  #row = 0;

  constructor(columns: number, rows = 24) {
    this.columns = columns;
    this.rows = rows;
  }

  /** Lines from the first one on, those that have left the terminal too; nothing at the end of a line. */
  get lines(): string[] {
    return this.#lines.map((line) => line.trimEnd());
  }

  /** The line in which the cursor is. */
  get cursorRow(): number {
    return this.#row;
  }

  write(text: string): boolean {
    this.writes += 1;
    let rest = text;
    while (rest !== "") {
      const sequence = SEQUENCE.exec(rest);
      if (sequence !== null) {
        this.#control(sequence[2] ?? "", Number(sequence[1] || 1));
        rest = rest.slice(sequence[0].length);
        continue;
      }
      const [character = ""] = rest;
      rest = rest.slice(character.length);
      if (character === "\n") this.#to(this.#row + 1);
      else if (character === "\r") this.#startOver();
      else this.#put(character);
    }
    return true;
  }

  #written = "";

  #put(character: string): void {
    if (displayWidth(this.#written + character) > this.columns) {
      this.broken += 1;
      this.#to(this.#row + 1);
    }
    const before = this.#lines[this.#row] ?? "";
    this.#written += character;
    // What is written covers as many columns of what was there.
    this.#lines[this.#row] = this.#written + [...before].slice([...this.#written].length).join("");
  }

  #control(name: string, count: number): void {
    if (name === "K") this.#lines[this.#row] = this.#written;
    else if (name === "A") this.#to(this.#row - count);
    else if (name === "J") {
      this.#lines[this.#row] = this.#written;
      this.#lines.splice(this.#row + 1);
    } else if (name !== "m") throw new Error(`the screen does not know ${name}`);
  }

  #to(row: number): void {
    // A terminal keeps the column; the program is at the first one whenever it goes up or down.
    this.#row = Math.max(0, this.#lines.length - this.rows, row);
    while (this.#lines.length <= this.#row) this.#lines.push("");
    this.#startOver();
  }

  #startOver(): void {
    this.#written = "";
  }
}
