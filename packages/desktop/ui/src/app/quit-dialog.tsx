import { usePageState, useTexts } from "./context.ts";
import { underWay } from "./leaving.ts";
import { Modal } from "./modal.tsx";

export interface QuitDialogProps {
  readonly onQuit: () => void;
  readonly onClose: () => void;
}

/** Asks before the app ends while something is under way, and says what becomes of it. */
export function QuitDialog({ onQuit, onClose }: QuitDialogProps) {
  const { t } = useTexts();
  const snapshot = usePageState((state) => state.snapshot);
  const what = snapshot === null ? null : underWay(snapshot);
  return (
    <Modal title={t("quit.title")} onClose={onClose}>
      {what !== null && what.games > 0 && (
        <p>{what.games === 1 ? t("quit.game") : t("quit.games", { count: what.games })}</p>
      )}
      {what !== null && what.receivers > 0 && (
        <p>{what.receivers === 1 ? t("quit.receiver") : t("quit.receivers", { count: what.receivers })}</p>
      )}
      <p>{t("quit.later")}</p>
      <form method="dialog">
        <button type="submit">{t("quit.no")}</button>
        <button type="submit" className="danger" onClick={onQuit}>
          {t("menu.quit")}
        </button>
      </form>
    </Modal>
  );
}
