import type { ListedGame } from "@lanspread/proto";
import { useTexts } from "../app/context.ts";
import { formatBytes } from "../shared/format.ts";
import { ConfirmDialog } from "./confirm-dialog.tsx";

export interface ConfirmProps {
  readonly game: ListedGame;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** Says what becomes of `local/`, and what stays. */
export function ConfirmUninstall({ game, ...answers }: ConfirmProps) {
  const { t } = useTexts();
  return (
    <ConfirmDialog title={t("uninstall.title", { name: game.name })} doIt={t("do.uninstall")} {...answers}>
      <p>{t("uninstall.local")}</p>
      <p>{t(game.downloaded ? "uninstall.files-stay" : "uninstall.nothing-stays")}</p>
    </ConfirmDialog>
  );
}

/** Says how much goes, and what that means for others. */
export function ConfirmRemove({ game, ...answers }: ConfirmProps) {
  const { language, t } = useTexts();
  return (
    <ConfirmDialog title={t("remove.title", { name: game.name })} doIt={t("do.remove")} {...answers}>
      <p>{t("remove.size", { size: formatBytes(game.size, language) })}</p>
      <p className={game.peerCount === 0 ? "warning" : ""}>
        {t(game.peerCount === 0 ? "remove.only-copy" : "remove.others")}
      </p>
    </ConfirmDialog>
  );
}
