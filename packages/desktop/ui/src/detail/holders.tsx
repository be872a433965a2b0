import type { ListedGame } from "@lanspread/proto";
import type { GameDetails } from "../../../protocol/snapshot.ts";
import { usePageState, useTexts } from "../app/context.ts";
import { Avatar } from "../party/avatar.tsx";
import { formatBytes, formatRate, formatVersion } from "../shared/format.ts";
import { type HolderRow, holderRows } from "./holder-rows.ts";

export interface HoldersProps {
  readonly game: ListedGame;
  readonly details: GameDetails;
}

const NOBODY: readonly never[] = [];

/** Who has the game, in which version; while it is fetched, what comes from each of them. */
export function Holders({ game, details }: HoldersProps) {
  const { t } = useTexts();
  const peers = usePageState((state) => state.snapshot?.peers ?? NOBODY);
  const progress = usePageState((state) => state.snapshot?.progress[game.id]);
  const than = game.localVersion ?? game.version;
  const rows = holderRows({ holders: details.holders, peers, progress, than });
  return (
    <section aria-labelledby="detail-holders">
      <h2 id="detail-holders">{t("detail.holders")}</h2>
      {rows.length === 0 ? (
        <p className="soft">{t("detail.holders-none")}</p>
      ) : (
        <ul className="holders">
          {rows.map((row) => (
            <Holder key={row.peerId} row={row} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Holder({ row }: { readonly row: HolderRow }) {
  const { language, t } = useTexts();
  const { peerId, version, age, source } = row;
  const name = row.name ?? t("detail.has-left");
  return (
    <li>
      <Avatar id={peerId} name={name} />
      <span className="holder-name" title={peerId} dir="auto">
        {name}
      </span>
      <span className="holder-version">
        {version === null ? t("detail.offers-it-no-more") : formatVersion(version)}
        {age !== null && <span className={`age ${age}`}>{t(`detail.${age}`)}</span>}
      </span>
      {source !== null && (
        <span className="holder-source">
          <progress aria-label={t("detail.from", { name })} max={1} value={source.share} />
          <span>
            {formatBytes(source.bytes, language)} · {formatRate(source.bytesPerSecond, language)}
          </span>
        </span>
      )}
    </li>
  );
}
