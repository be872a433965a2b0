import type { GameId } from "@lanspread/proto";
import { memo, useMemo } from "react";
import { usePageState, useTexts } from "../app/context.ts";
import { hrefOf } from "../app/route.ts";
import { formatRate } from "../shared/format.ts";
import { Avatar } from "./avatar.tsx";
import { type PartyTransfer, rateIn, rateOut, transfersOf } from "./transfers-of.ts";

const NOBODY: readonly never[] = [];
const NOTHING = {};

/** Who sends to whom now, as far as it can be known here: what comes to this computer, and what goes out of it. */
export function Transfers() {
  const { language, t } = useTexts();
  const progress = usePageState((state) => state.snapshot?.progress ?? NOTHING);
  const outbound = usePageState((state) => state.snapshot?.outbound ?? NOBODY);
  const transfers = useMemo(() => transfersOf(progress, outbound), [progress, outbound]);
  const peers = usePageState((state) => state.snapshot?.peers ?? NOBODY);
  const games = usePageState((state) => state.snapshot?.games ?? NOBODY);
  const you = usePageState((state) => state.snapshot?.status.peerId ?? "");
  const own = usePageState((state) => state.snapshot?.status.name ?? "");
  const names = useMemo(
    () =>
      new Map<string, Named>([
        ...peers.map(({ peerId, name }) => [peerId, { name, label: name }] as const),
        [you, { name: own, label: t("party.you") }],
      ]),
    [peers, you, own, t],
  );
  const titles = useMemo(() => new Map(games.map(({ id, name }) => [id, name])), [games]);
  const fastest = Math.max(1, ...transfers.map(({ bytesPerSecond }) => bytesPerSecond));
  const total = rateIn(progress) + rateOut(outbound);
  return (
    <section aria-labelledby="transfers">
      <div className="section-head">
        <h2 id="transfers">{t("party.transfers")}</h2>
        {total > 0 && (
          <p className="total" title={t("party.rate-hint")}>
            {t("party.total")} <strong>{formatRate(total, language)}</strong>
          </p>
        )}
      </div>
      {transfers.length === 0 ? (
        <p className="quiet">{t("party.transfers-none")}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by keys.
        <ul className="transfers" tabIndex={0} aria-labelledby="transfers">
          {transfers.map(({ direction, peerId, gameId, bytesPerSecond }) => (
            <Transfer
              key={`${direction} ${gameId} ${peerId}`}
              from={direction === "in" ? peerId : you}
              to={direction === "in" ? you : peerId}
              names={names}
              gameId={gameId}
              title={titles.get(gameId) ?? gameId}
              direction={direction}
              rate={formatRate(bytesPerSecond, language)}
              percent={Math.round((bytesPerSecond / fastest) * 100)}
            />
          ))}
        </ul>
      )}
      <p className="quiet">{t("party.transfers-hint")}</p>
    </section>
  );
}

/** Somebody with a name, and what they are called here. */
interface Named {
  readonly name: string;
  readonly label: string;
}

interface TransferProps {
  /** Peer ids. */
  readonly from: string;
  readonly to: string;
  readonly names: ReadonlyMap<string, Named>;
  readonly gameId: GameId;
  readonly title: string;
  readonly direction: PartyTransfer["direction"];
  readonly rate: string;
  /** Of the fastest one. */
  readonly percent: number;
}

/** Drawn anew where what it says is another: most of it stays from one second to the next. */
const Transfer = memo(function Transfer(props: TransferProps) {
  const { t } = useTexts();
  const { from, to, names, gameId, title, direction, rate, percent } = props;
  return (
    <li className={`transfer ${direction}`}>
      <span className="who">
        <Somebody id={from} names={names} />
        <span className="only-read">{t("party.sends-to")}</span>
        <span className="arrow" aria-hidden="true">
          →
        </span>
        <Somebody id={to} names={names} />
      </span>
      <a href={hrefOf({ page: "game", gameId })} dir="auto">
        {title}
      </a>
      <span className="rate">{rate}</span>
      <span className="share" aria-hidden="true">
        <span style={{ width: `${percent}%` }} />
      </span>
    </li>
  );
});

/** Who has gone meanwhile has no name any more. */
const Somebody = memo(function Somebody({ id, names }: { id: string; names: TransferProps["names"] }) {
  const start = id.slice(0, 8);
  const { name, label } = names.get(id) ?? { name: start, label: start };
  return (
    <>
      <Avatar id={id} name={name} />
      <span className="name" dir="auto">
        {label}
      </span>
    </>
  );
});
