/** How times, spans and lists are written wherever a person reads them. Pure: no clock, no locale. */

/** Moment as RFC 3339 in UTC, to the second: `2026-09-20T10:15:00Z`. */
export function momentInWords(atMs: number): string {
  return `${new Date(Math.round(atMs / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}

const UNITS = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'min', ms: 60_000 },
  { name: 's', ms: 1_000 },
] as const;

/**
 * Span in its two largest units: `200_000` -> `3 min 20 s`, `86_400_000` -> `1 d`. Below a second it is `0 s`;
 * a negative span counts as zero, because every caller tells how long something still takes or has taken.
 */
export function spanInWords(ms: number): string {
  let rest = Math.max(0, Math.round(ms / 1000) * 1000);
  const parts: string[] = [];
  for (const unit of UNITS) {
    const count = Math.floor(rest / unit.ms);
    if (count === 0 && parts.length === 0) continue;
    rest -= count * unit.ms;
    if (count > 0) parts.push(`${count} ${unit.name}`);
    if (parts.length === 2 || count === 0) break;
  }
  return parts.length === 0 ? '0 s' : parts.join(' ');
}

/**
 * One sentence on one line: a capital at the beginning when it begins with an ordinary word (never a name such as
 * `crm-api` or an id), a full stop at the end.
 */
export function sentence(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  const capital = line.replace(/^[a-z](?=[a-z]*[ ,])/, (letter) => letter.toUpperCase());
  return capital === '' || /[.!?]$/.test(capital) ? capital : `${capital}.`;
}

/** Sentences joined to a paragraph; empty ones are left out. */
export function paragraph(...texts: readonly (string | undefined)[]): string {
  return texts
    .map((text) => sentence(text ?? ''))
    .filter((text) => text !== '')
    .join(' ');
}
