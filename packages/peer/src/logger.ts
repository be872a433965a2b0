/** From most to least talkative. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Values beside a message. Errors are given as they are; a sink decides how much of them to show. */
export type LogFields = Readonly<Record<string, unknown>>;

/** One line of a log, before anybody formats it. */
export interface LogEntry {
  readonly level: LogLevel;
  /** Where it comes from, such as `library:hash`. */
  readonly name: string;
  readonly message: string;
  readonly fields: LogFields;
}

/**
 * What every part of the runtime writes its log to. It is injected; the runtime itself prints nothing.
 */
export interface Logger {
  readonly name: string;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose entries carry `name` behind this one's, separated by a colon. */
  child(name: string): Logger;
}

export interface LoggerOptions {
  readonly name?: string;
  /** Entries below this level never reach the sink. Default `info`. */
  readonly level?: LogLevel;
  /** Receives the entries. It must not throw. */
  readonly sink: (entry: LogEntry) => void;
}

const LEVELS: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
const NO_FIELDS: LogFields = {};

/** A logger that hands its entries to `sink`. */
export function createLogger(options: LoggerOptions): Logger {
  const { name = "lanspread", level = "info", sink } = options;
  const write = (at: LogLevel, message: string, fields: LogFields = NO_FIELDS): void => {
    if (LEVELS[at] >= LEVELS[level]) sink({ level: at, name, message, fields });
  };
  return {
    name,
    debug: (message, fields) => write("debug", message, fields),
    info: (message, fields) => write("info", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    error: (message, fields) => write("error", message, fields),
    child: (child) => createLogger({ name: `${name}:${child}`, level, sink }),
  };
}

/** The default everywhere: says nothing. */
export const silentLogger: Logger = createLogger({ name: "silent", level: "error", sink: () => {} });

/** Name, behind those of its parents, of the logger that is told what is unpacked, entry by entry, and what was wrong with it. */
export const UNPACK_LOGGER = "unpack";

/** A logger that tells all of these, each by its own level. */
export function joinLoggers(...loggers: readonly [Logger, ...Logger[]]): Logger {
  const tell =
    (level: LogLevel) =>
    (message: string, fields?: LogFields): void => {
      for (const logger of loggers) logger[level](message, fields);
    };
  const [{ name }] = loggers;
  return {
    name,
    debug: tell("debug"),
    info: tell("info"),
    warn: tell("warn"),
    error: tell("error"),
    child: (child) => {
      const [first, ...others] = loggers;
      return joinLoggers(first.child(child), ...others.map((logger) => logger.child(child)));
    },
  };
}
