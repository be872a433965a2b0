import { usePageState, useTexts } from "./context.ts";
import { Modal } from "./modal.tsx";

/** Which program this is, and who this computer is in the party. */
export function AboutDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTexts();
  const version = usePageState((state) => state.snapshot?.version ?? "");
  const status = usePageState((state) => state.snapshot?.status);
  return (
    <Modal title={`lanspread ${version}`} onClose={onClose}>
      <p>{t("about.what")}</p>
      {status !== undefined && (
        <dl>
          <dt>{t("about.name")}</dt>
          <dd>{status.name}</dd>
          <dt>{t("about.party")}</dt>
          <dd>{status.party}</dd>
          <dt>{t("about.addr")}</dt>
          <dd>{status.addr}</dd>
          <dt>{t("about.peer-id")}</dt>
          <dd>{status.peerId}</dd>
          <dt>{t("about.folder")}</dt>
          <dd>{status.gamesDir}</dd>
        </dl>
      )}
      <form method="dialog">
        <button type="submit">{t("about.close")}</button>
      </form>
    </Modal>
  );
}
