/** The line of a `SmartSteamEmu.ini` with the player's name: the first one counts. */
const LINE = /^([^\S\r\n]*PersonaName[^\S\r\n]*=[^\S\r\n]*)[^\r\n]*/imu;

/**
 * The settings with another player's name; spaces around the sign and the ends of lines stay as they are.
 *
 * @returns null where no line has the name
 */
export function withPersonaName(settings: string, name: string): string | null {
  const match = LINE.exec(settings);
  if (match === null) return null;
  const before = settings.slice(0, match.index);
  return `${before}${match[1] ?? ""}${name}${settings.slice(match.index + match[0].length)}`;
}
