import { describe, expect, it } from "vitest";
import { Questions } from "../../src/lanes/questions.ts";

describe("questions", () => {
  it("are answered in any order, each with its own answer", async () => {
    const questions = new Questions<string>();
    const asked: number[] = [];
    const answers = [1, 2, 3].map(() => questions.ask((question) => asked.push(question)));
    expect(new Set(asked).size).toBe(3);
    for (const question of asked.toReversed()) questions.answer(question, `to ${question}`);
    expect(await Promise.all(answers)).toEqual(asked.map((question) => `to ${question}`));
  });

  it("take the first answer, and none that nobody asked for", async () => {
    const questions = new Questions<string>();
    let asked = 0;
    const answer = questions.ask((question) => {
      asked = question;
    });
    questions.answer(asked + 1, "of another");
    questions.answer(asked, "first");
    questions.answer(asked, "second");
    expect(await answer).toBe("first");
  });

  it("are all answered alike when nobody else will", async () => {
    const questions = new Questions<string>();
    const answers = [1, 2].map(() => questions.ask(() => {}));
    questions.answerAll("nobody is there");
    expect(await Promise.all(answers)).toEqual(["nobody is there", "nobody is there"]);
  });

  it("may be answered while they are asked", async () => {
    const questions = new Questions<string>();
    expect(await questions.ask((question) => questions.answer(question, "at once"))).toBe("at once");
  });
});
