/** Which pg_dump may dump which server. */

/** A folder with pg_dump and pg_restore, and what it says of itself. */
export interface FoundPgTools {
  readonly folder: string;
  /** `15.18` */
  readonly version: string;
  readonly major: number;
  /** `MAINSTAY_PG_BIN_15`, `PATH`, `/usr/lib/postgresql/15/bin` */
  readonly from: string;
}

export type PgToolsChoice =
  | { readonly outcome: 'chosen'; readonly tools: FoundPgTools; readonly note?: string }
  | { readonly outcome: 'none'; readonly reason: string };

/**
 * The pg_dump of the server's major, else the lowest newer one (pg_dump reads older servers, never newer ones). Among
 * equals the first found. `found` in the order of preference.
 */
export function choosePgTools(serverMajor: number, found: readonly FoundPgTools[]): PgToolsChoice {
  const fit = found.filter(({ major }) => major >= serverMajor);
  const lowest = Math.min(...fit.map(({ major }) => major));
  const tools = fit.find(({ major }) => major === lowest);
  if (tools === undefined) return { outcome: 'none', reason: whyNone(serverMajor, found) };
  if (tools.major === serverMajor) return { outcome: 'chosen', tools };
  const note = `server is version ${serverMajor}, pg_dump is ${tools.version} (${tools.from}): a pg_restore older than ${tools.major} may refuse the archive`;
  return { outcome: 'chosen', tools, note };
}

function whyNone(serverMajor: number, found: readonly FoundPgTools[]): string {
  const seen = found.map(({ version, folder }) => `${version} in ${folder}`).join(', ') || 'none';
  return [
    `dump of a server of version ${serverMajor}: expected pg_dump ${serverMajor} or newer (an older one refuses newer servers), found ${seen}`,
    `install postgresql-client-${serverMajor}, or set MAINSTAY_PG_BIN_${serverMajor} to the folder of its programs`,
  ].join('; ');
}

/** `pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` -> 15.18; undefined for another text. */
export function pgVersionOf(text: string): { readonly version: string; readonly major: number } | undefined {
  const version = /\(PostgreSQL\) (\d+(?:\.\d+)*(?:(?:beta|rc|devel)\d*)?)/.exec(text)?.[1];
  if (version === undefined) return undefined;
  return { version, major: Number.parseInt(version, 10) };
}

/** Major of `server_version_num`: 150018 -> 15. */
export function majorOf(serverVersion: number): number {
  return Math.floor(serverVersion / 10_000);
}
