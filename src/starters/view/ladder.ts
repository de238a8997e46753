/** The steps of a canary as one line: what is done, where it stands, what is left. */
import type { OperationView } from '../operation/operation-view.ts';
import type { Style } from './style.ts';

const BAR_CELLS = 10;

/** `10 % ✓  ▶ 25 % ██████░░░░  50 %  75 %  100 %  promote  bake`; undefined while the steps are not known. */
export function ladderLine(view: OperationView, nextAtMs: number | undefined, style: Style): string | undefined {
  const ladder = view.status?.ladder ?? view.memo?.ladder ?? [];
  const phase = view.status?.phase ?? view.memo?.phase;
  if (ladder.length === 0 || phase === undefined) return undefined;
  const current = view.status?.step?.index ?? view.memo?.step ?? undefined;
  const cells = ladder.map((weightPercent, index) => {
    const weight = `${weightPercent} %`;
    if (isPast(phase) || (current !== undefined && index < current)) return style.green(`${weight} ✓`);
    if (index !== current) return style.dim(weight);
    if (phase === 'undoing') return style.red(`${weight} ✗`);
    return style.bold(`▶ ${weight}${progress(view, nextAtMs)}`);
  });
  return [...cells, ...tail(phase, style)].join('  ');
}

function isPast(phase: string): boolean {
  return phase === 'promoting' || phase === 'baking';
}

function tail(phase: string, style: Style): readonly string[] {
  const words = { promoting: 'promote', baking: 'bake' } as const;
  const names = Object.entries(words).map(([name, word]) => {
    if (name === phase) return style.bold(`▶ ${word}`);
    return name === 'promoting' && phase === 'baking' ? style.green(`${word} ✓`) : style.dim(word);
  });
  return phase === 'undoing' ? [style.yellow('▶ undo')] : names;
}

/** How much of the step's time is over: from the moment it was entered to the moment it is due. */
function progress({ memo, atMs }: OperationView, nextAtMs: number | undefined): string {
  if (memo?.phase !== 'canary' || nextAtMs === undefined || nextAtMs <= memo.atMs) return '';
  const share = Math.min(1, Math.max(0, (atMs - memo.atMs) / (nextAtMs - memo.atMs)));
  const full = Math.round(share * BAR_CELLS);
  return ` ${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)}`;
}
