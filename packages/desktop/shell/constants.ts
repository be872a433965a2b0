const KIB = 1024;
const MIB = 1024 * KIB;

/** The only address the shell listens at: nobody on the network can reach it. */
export const SHELL_HOST = "127.0.0.1";

/** Random bytes of the token in the opened address, and of the session behind it: 256 bits, so that none can be guessed. */
export const SECRET_BYTES = 32;

/** For so long the token of an address can be used, milliseconds: a browser that starts for the first time takes its time. */
export const TOKEN_LIFETIME_MS = 5 * 60_000;

/** Tokens that wait to be used: more than anybody opens windows within their lifetime. */
export const MOST_TOKENS = 16;

/** Largest message of a page, bytes: a command is a few hundred. */
export const MAX_MESSAGE_BYTES = 64 * KIB;

/** Pages that are connected at once: more windows than anybody opens, and few enough to send each every event. */
export const MOST_PAGES = 16;

/**
 * Connections that are open at once, pages' sockets aside: a browser opens six. More than the system has waiting to be
 * accepted (511, what Node asks for), so that one that was just accepted is never driven out by those that were with it.
 */
export const MOST_CONNECTIONS = 600;

/** Time that a request has to come whole, milliseconds: a browser on the same computer sends it in one piece. */
export const REQUEST_MS = 10_000;

/** How often requests that do not come are looked for, milliseconds. */
export const CHECK_REQUESTS_MS = 1_000;

/** Time that a page has to say goodbye when its connection is closed, milliseconds: a machine under load takes its time. */
export const CLOSE_MS = 2_000;

/** Requests of a page that are answered at the same time; of one that asks faster nothing more is read until it has answers. */
export const MOST_UNANSWERED = 64;

/** Bytes that wait for a page that does not read; then it is sent no events until it has caught up, and a snapshot instead. */
export const MAX_WAITING_BYTES = 4 * MIB;

/** For so long figures wait for others, milliseconds: half of the time after which a page draws them again. */
export const FIGURES_MS = 250;

/** Events of figures that wait together at most: some hundred kilobytes. */
export const MOST_FIGURES = 1_000;

/** How often a page that was left behind is looked at, milliseconds. */
export const CATCH_UP_MS = 100;

/** A page that says nothing and answers no ping for so long is gone, milliseconds. */
export const PAGE_TIMEOUT_MS = 30_000;

/** Without a window for so long the app ends, milliseconds: a page that is loaded anew is gone for a moment. */
export const WINDOWLESS_MS = 30_000;

/** A browser has ended for so long, and no window of it is left, milliseconds: its connections end a moment after it. */
export const CLOSING_MS = 500;

/** For so long the peer's first look at its games holds back pages, milliseconds: of a large library they show what is known by then. */
export const FIRST_LOOK_MS = 2_000;

/** How often it is looked whether there is a window, milliseconds. */
export const LOOK_MS = 250;

/** Time that a browser has to end when it is asked to, milliseconds; then it is made to. */
export const BROWSER_STOP_MS = 3_000;

/** Time that a window of the last run has to find this one, milliseconds: longer than its longest pause between two tries. */
export const RECONNECT_MS = 6_000;

/** Time that a window has to come to the front, milliseconds; then another one is opened. */
export const RAISE_MS = 1_500;

/** Time that pages and requests have to end when the shell stops, milliseconds. */
export const STOP_MS = 1_000;
