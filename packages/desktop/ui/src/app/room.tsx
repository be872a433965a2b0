import { rateIn, rateOut } from "../party/transfers-of.ts";
import { formatRate } from "../shared/format.ts";
import { usePageState, useTexts } from "./context.ts";
import { hrefOf } from "./route.ts";

/** How many are here, and what this computer receives and sends: nobody knows what the others send each other. */
export function Room() {
  const { language, t } = useTexts();
  const others = usePageState((state) => state.snapshot?.peers.length ?? 0);
  const incoming = usePageState((state) => rateIn(state.snapshot?.progress ?? {}));
  const outgoing = usePageState((state) => rateOut(state.snapshot?.outbound ?? []));
  const count = others + 1;
  const people = count === 1 ? t("room.people.one") : t("room.people.many", { count });
  const rates = { in: formatRate(incoming, language), out: formatRate(outgoing, language) };
  return (
    <a
      className="room"
      href={hrefOf({ page: "party" })}
      aria-label={t("room.label", { people, ...rates })}
      title={t("party.rate-hint")}
    >
      <span>{people}</span>
      {incoming > 0 && <span className="in">↓ {rates.in}</span>}
      {outgoing > 0 && <span className="out">↑ {rates.out}</span>}
    </a>
  );
}
