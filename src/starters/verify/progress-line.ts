/** One line on the terminal that is written over; nothing where nobody looks. */
import type { SuiteProgress } from '../../restore-suite/port.ts';
import { type Output, widthOf } from '../view/screen.ts';

const LEAST_MS = 100;

export interface ProgressLine {
  show(progress: SuiteProgress): void;
  clear(): void;
}

export function progressLine(output: Output, nowMs: () => number = Date.now): ProgressLine {
  if (output.isTTY !== true) return { show: () => undefined, clear: () => undefined };
  let shownAtMs = 0;
  return {
    show({ done, total, doing }) {
      if (nowMs() - shownAtMs < LEAST_MS) return;
      shownAtMs = nowMs();
      const line = `${String(done).padStart(String(total).length)} of ${total}  ${doing}`;
      output.write(`\r\u001B[2K${line.slice(0, widthOf(output) - 1)}`);
    },
    clear: () => void output.write('\r\u001B[2K'),
  };
}
