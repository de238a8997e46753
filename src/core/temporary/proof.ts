/** What a look for leftovers brings home, as the activity `proveGone` tells it. */

export interface Leftover {
  readonly kind: 'instance' | 'automatedBackup' | 'snapshot';
  readonly identifier: string;
  readonly status: string;
}

export type ProveGoneLike =
  | { readonly outcome: 'gone'; readonly looked: readonly string[] }
  | { readonly outcome: 'left'; readonly left: readonly Leftover[]; readonly reason: string }
  /** The name is somebody else's now: ours is gone. */
  | { readonly outcome: 'foreign'; readonly reason: string };
