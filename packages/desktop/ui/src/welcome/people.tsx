import { usePageState, useTexts } from "../app/context.ts";
import { useNetworkProblem } from "../app/use-network-problem.ts";
import { Avatar } from "../party/avatar.tsx";

const NOBODY: readonly never[] = [];

/** Who was found so far. */
export function People() {
  const { t } = useTexts();
  const peers = usePageState((state) => state.snapshot?.peers ?? NOBODY);
  const problem = useNetworkProblem();
  return (
    <div className="found" role="status">
      {problem !== null && (
        <p className="gone" lang={problem.lang}>
          {problem.text}
        </p>
      )}
      {peers.length === 0 && problem === null && <p className="looking">{t("welcome.looking")}</p>}
      <ul>
        {peers.map(({ peerId, name, gameCount }) => (
          <li key={peerId}>
            <Avatar id={peerId} name={name} />
            <span className="who" dir="auto">
              {name}
            </span>
            <span className="soft">
              {gameCount === 1 ? t("welcome.games.one") : t("welcome.games.many", { count: gameCount })}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
