import { type ControlClient, connectControl, startPeer } from "@lanspread/peer";
import { say, settings, told } from "../../child.ts";
import { now } from "../../moment.ts";
import type { Answered, AnswersByQuestion, AskerIsTold, AskerSettings, Listening } from "../messages.ts";

// Asks others small questions again and again, and says how long the answers took, counted from the moment at which the question
// was due: who comes late because somebody else had the processor has waited as well.

const { self, asked, intervalMs } = settings<AskerSettings>();
const { address, ...own } = self;
const peer = await startPeer({
  ...own,
  ...(address === null ? {} : { interfaces: [address], listen: `${address}:0` }),
  discovery: null,
});
const questions: { readonly what: string; readonly ask: () => Promise<unknown> }[] = [];
const clients: ControlClient[] = [];
for (const { who, stateDir, addr } of asked) {
  const client = await connectControl({ stateDir });
  if (client === null) throw new Error(`${who} has no control socket`);
  clients.push(client);
  await peer.send({ type: "connect", addr });
  questions.push(
    { what: `status of the ${who}, over its control socket`, ask: () => client.send({ type: "status" }) },
    // A connect to a peer that is connected pings it.
    { what: `ping of the ${who}, by another peer`, ask: () => peer.send({ type: "connect", addr }) },
  );
}
// What the machine alone makes late: a turn of this process's own event loop.
questions.push({ what: "nothing: this process's own turn", ask: () => Promise.resolve() });
say({ addr: peer.addr } satisfies Listening);

let end: () => Promise<AnswersByQuestion> = () => Promise.reject(new Error("nothing was asked"));
for await (const message of told()) {
  if ((message as AskerIsTold) === "begin") end = begin();
  else say(await end());
}
await Promise.all(clients.map((client) => client.close()));
await peer.stop();

/** Asks everything at every interval, whether the last answers have come or not. @returns what ends it */
function begin(): () => Promise<AnswersByQuestion> {
  const answers: Record<string, Answered[]> = Object.fromEntries(questions.map(({ what }) => [what, []]));
  const open = new Set<Promise<void>>();
  let dueAt = now() + intervalMs;
  let timer = setTimeout(askAll, intervalMs);
  return async () => {
    clearTimeout(timer);
    await Promise.all(open);
    return answers;
  };

  function askAll(): void {
    for (const { what, ask } of questions) {
      const answered = answerTo(ask, dueAt).then((answer) => {
        answers[what]?.push(answer);
        open.delete(answered);
      });
      open.add(answered);
    }
    dueAt += intervalMs;
    timer = setTimeout(askAll, Math.max(0, dueAt - now()));
  }
}

async function answerTo(ask: () => Promise<unknown>, dueAt: number): Promise<Answered> {
  await ask();
  return { dueAt, ms: now() - dueAt };
}
