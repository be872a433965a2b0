import { useTexts } from "./context.ts";
import { Menu } from "./menu.tsx";
import { Room } from "./room.tsx";
import { hrefOf, PAGES, type Route } from "./route.ts";

/** The way to every page. */
export function Navigation({ route }: { readonly route: Route }) {
  const { t } = useTexts();
  const current = route.page === "game" ? "library" : route.page;
  return (
    <nav className="pages" aria-label={t("page.navigation")}>
      {PAGES.map((page) => (
        <a key={page} href={hrefOf({ page })} aria-current={page === current ? "page" : undefined}>
          {t(`page.${page}`)}
        </a>
      ))}
      <Room />
      <Menu />
    </nav>
  );
}
