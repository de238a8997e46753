/** A count or a share of the desired replicas: `2` or `"25%"`. */
export type CountOrPercent = number | string | undefined;

/** How far a rolling update may leave the desired count, in Pods. */
export interface RolloutBounds {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

/** What the arithmetic needs of a ReplicaSet: `replicas` as specified, `available` as reported. */
export interface SetSize {
  readonly name: string;
  readonly replicas: number;
  readonly available: number;
}

const DEFAULT_BOUND = '25%';

/**
 * Bounds in Pods. A percentage of surge is rounded up and one of unavailability down; when both come out as zero one
 * Pod may be unavailable, or the rollout could never move. More than all Pods cannot be unavailable.
 *
 * Examples: 25%/25% of 10 gives surge 3, unavailable 2. 0/"10%" of 5 gives surge 0, unavailable 1.
 *
 * @throws Error when a bound is neither a whole number nor a percentage.
 */
export function rolloutBounds(surge: CountOrPercent, unavailable: CountOrPercent, desired: number): RolloutBounds {
  const maxSurge = inPods('maxSurge', surge ?? DEFAULT_BOUND, desired, Math.ceil);
  const maxUnavailable = inPods('maxUnavailable', unavailable ?? DEFAULT_BOUND, desired, Math.floor);
  if (maxSurge === 0 && maxUnavailable === 0) return { maxSurge, maxUnavailable: Math.min(1, desired) };
  return { maxSurge, maxUnavailable: Math.min(maxUnavailable, desired) };
}

function inPods(name: string, bound: number | string, desired: number, round: (pods: number) => number): number {
  if (typeof bound === 'number' && Number.isInteger(bound) && bound >= 0) return bound;
  const match = typeof bound === 'string' ? /^(\d+)%$/.exec(bound) : null;
  if (!match) throw new Error(`${name}: expected a whole number or a percentage, found ${JSON.stringify(bound)}`);
  // Whole-number arithmetic first: 0.1 x 30 is a little over 3 in floating point and would round up to 4.
  return round((Number(match[1]) * desired) / 100);
}

/**
 * Replicas the new ReplicaSet should have now: as many as surge leaves room for, never more than desired.
 *
 * Examples with 10 desired and surge 3: old 10, new 0 gives 3. Old 7, new 3 gives 6.
 */
export function nextNewSize(newSize: number, oldSizes: readonly number[], desired: number, maxSurge: number): number {
  if (newSize >= desired) return desired;
  const total = newSize + sum(oldSizes);
  const room = desired + maxSurge - total;
  return room <= 0 ? newSize : newSize + Math.min(room, desired - newSize);
}

/**
 * Sizes the old ReplicaSets should have now, by name, oldest first in the input; only sets that change are named.
 * Pods that are not available go first, they serve nobody; then available ones, as long as `desired - maxUnavailable`
 * stay available.
 *
 * Examples with 5 desired: unavailable 1, old 5/5, new 1/0 gives old 4. Unavailable 0, old 4/4, new 2/1 keeps old.
 */
export function nextOldSizes(
  newSet: SetSize,
  oldSets: readonly SetSize[],
  desired: number,
  maxUnavailable: number,
): ReadonlyMap<string, number> {
  const mustBeAvailable = desired - maxUnavailable;
  // Counted by specification, because reported counts lag behind the scaling just done.
  const total = newSet.replicas + sum(oldSets.map((set) => set.replicas));
  let removable = total - mustBeAvailable - Math.max(newSet.replicas - newSet.available, 0);
  const sizes = new Map<string, number>();
  for (const set of oldSets) {
    const useless = Math.min(Math.max(set.replicas - set.available, 0), Math.max(removable, 0));
    if (useless === 0) continue;
    sizes.set(set.name, set.replicas - useless);
    removable -= useless;
  }
  const available = newSet.available + sum(oldSets.map((set) => Math.min(set.available, set.replicas)));
  let spare = Math.min(available - mustBeAvailable, removable);
  for (const set of oldSets) {
    const size = sizes.get(set.name) ?? set.replicas;
    const fewer = Math.min(size, Math.max(spare, 0));
    if (fewer === 0) continue;
    sizes.set(set.name, size - fewer);
    spare -= fewer;
  }
  return sizes;
}

/** A ReplicaSet in the middle of a rollout whose Deployment is being scaled. */
export interface ProportionalSet {
  readonly name: string;
  readonly replicas: number;
  /** Desired plus surge when this size was set, from its annotation; undefined when unknown. */
  readonly knownMaximum: number | undefined;
}

/**
 * Sizes when a Deployment is scaled in the middle of a rollout: each set keeps its share; what rounding leaves over
 * goes to the first. The input stands in order of preference: biggest first, newest first when growing.
 *
 * Example: 10 desired and surge 0 become 20 with sets 6 and 4: they get 12 and 8.
 */
export function proportionalSizes(
  sets: readonly ProportionalSet[],
  desired: number,
  maxSurge: number,
): ReadonlyMap<string, number> {
  const allowed = desired > 0 ? desired + maxSurge : 0;
  const total = sum(sets.map((set) => set.replicas));
  const toAdd = allowed - total;
  const sizes = new Map<string, number>();
  let added = 0;
  for (const set of sets) {
    const wanted = desired === 0 ? 0 : Math.round((set.replicas * allowed) / (set.knownMaximum || total || 1));
    const left = toAdd - added;
    const change = toAdd > 0 ? Math.min(wanted - set.replicas, left) : Math.max(wanted - set.replicas, left);
    const bounded = toAdd > 0 ? Math.max(change, 0) : Math.min(change, 0);
    added += bounded;
    sizes.set(set.name, set.replicas + bounded);
  }
  const first = sets[0];
  if (first) sizes.set(first.name, Math.max((sizes.get(first.name) ?? 0) + toAdd - added, 0));
  return sizes;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
