/**
 * The fence on a guarded object: the pair (term, change) in an annotation. Ownership gives terms, the workflow counts
 * changes. A writer with a lower pair than the object carries is late and must not write.
 */
import type { Fence } from '../model/operation.ts';

/** `1732190000/7` */
export function formatFence(fence: Fence): string {
  return `${fence.term}/${fence.change}`;
}

/** Undefined when there is no stamp, or one that nobody of us wrote. */
export function parseFence(text: string | undefined): Fence | undefined {
  const match = /^(\d{1,15})\/(\d{1,9})$/.exec(text ?? '');
  return match ? { term: Number(match[1]), change: Number(match[2]) } : undefined;
}

/** Negative when a is lower than b. */
export function compareFence(a: Fence, b: Fence): number {
  return a.term - b.term || a.change - b.change;
}

export type FenceAssessment =
  /** No stamp: never owned, or someone removed it. */
  | 'unstamped'
  /** A lower pair: we may write. */
  | 'open'
  /** Our very pair: this mutation was applied already. */
  | 'ours'
  /** A higher pair: a newer owner, or our own later change. */
  | 'fenced';

/** Worked examples: on 5/3, we are 5/4 -> open; on 5/4, we are 5/4 -> ours; on 6/1, we are 5/9 -> fenced. */
export function assessFence(stamp: string | undefined, mine: Fence): FenceAssessment {
  const found = parseFence(stamp);
  if (found === undefined) return 'unstamped';
  const order = compareFence(found, mine);
  return order > 0 ? 'fenced' : order === 0 ? 'ours' : 'open';
}
