import type { FreezeWindow } from '../model/plan.ts';
import { failed, type Finding, notChecked, passed } from './finding.ts';

/** RFC 3339 with its offset: a local time would mean another moment on every worker. */
const INSTANT = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/**
 * No freeze window covers now; `from` belongs to the window, `to` does not. A window that cannot be read is not a pass.
 *
 * [18:00, 06:00): at 17:59:59.999 -> pass; 18:00:00 -> fail; 05:59:59.999 -> fail; 06:00:00 -> pass.
 */
export function checkFreeze(windows: readonly FreezeWindow[], nowMs: number): Finding {
  const broken: string[] = [];
  let next: { fromMs: number; window: FreezeWindow } | undefined;
  for (const window of windows) {
    const fromMs = parseInstant(window.from);
    const toMs = parseInstant(window.to);
    if (fromMs === undefined || toMs === undefined || toMs <= fromMs) {
      broken.push(`freeze window ${window.from} to ${window.to} (${window.reason})`);
      continue;
    }
    if (fromMs <= nowMs && nowMs < toMs) {
      return failed(`freeze window until ${window.to}: ${window.reason}`);
    }
    if (fromMs > nowMs && (next === undefined || fromMs < next.fromMs)) next = { fromMs, window };
  }
  if (broken.length > 0) {
    return notChecked(`${broken.join('; ')}: expected two RFC 3339 times with offset, the second later than the first`);
  }
  const coming = next ? `; the next begins ${next.window.from}: ${next.window.reason}` : '';
  return passed(`no freeze window now${coming}`);
}

/** Milliseconds since the epoch; undefined for anything but RFC 3339 with offset and existing date. */
export function parseInstant(text: string): number | undefined {
  if (!INSTANT.test(text)) return undefined;
  const ms = Date.parse(text.replace(' ', 'T').toUpperCase());
  if (Number.isNaN(ms)) return undefined;
  // Date.parse takes 30 February for 2 March.
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number);
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day ? ms : undefined;
}
