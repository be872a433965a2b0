import { usePageState, useTexts } from "../app/context.ts";

/** What one is asked for by who helps. */
export function About() {
  const { t } = useTexts();
  const version = usePageState((state) => state.snapshot?.version ?? "");
  const stateDir = usePageState((state) => state.snapshot?.setup.stateDir ?? "");
  const peerId = usePageState((state) => state.snapshot?.status.peerId ?? "");
  const address = usePageState((state) => state.snapshot?.status.addr ?? "");
  return (
    <dl className="about">
      <dt>{t("settings.version")}</dt>
      <dd>{version}</dd>
      <dt>{t("settings.address")}</dt>
      <dd>{address}</dd>
      <dt>{t("settings.peer-id")}</dt>
      <dd>{peerId}</dd>
      <dt>{t("settings.state-dir")}</dt>
      <dd>{stateDir}</dd>
    </dl>
  );
}
