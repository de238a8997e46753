/** Ways for the sandbox's AWS to misbehave until they are cleared or used up. */

interface Which {
  /** Of the credential scope: `rds`, `s3`; absent: every service. */
  readonly service?: string;
  /** `CreateDBInstance`; absent: every operation. */
  readonly operation?: string;
  /** Absent: every region. */
  readonly region?: string;
  /** Only so many requests; absent: until it is cleared. */
  readonly count?: number;
  /** Lets so many matching requests pass first. */
  readonly skip?: number;
  /** Share of the matching requests, 0 to 1; absent: all. */
  readonly probability?: number;
}

export type AwsFaultRule = Which &
  (
    | /** Refused as too fast, in the service's own words: `Throttling`, `SlowDown`, `ThrottlingException`. */
    { readonly mode: 'throttle' }
    /** Refused without effect: 500 InternalFailure unless named otherwise. */
    | { readonly mode: 'error'; readonly status?: number; readonly code?: string; readonly message?: string }
    /** Waits first. */
    | { readonly mode: 'delay'; readonly delayMs: number }
    /** Performed; the connection is cut without an answer. */
    | { readonly mode: 'lostReply' }
    /** RDS: no instance or snapshot (of this identifier) leaves the status it has, or enters next. */
    | { readonly mode: 'stuckStatus'; readonly identifier?: string; readonly status?: string }
    /** RDS: what is described has this status, whatever the truth. */
    | { readonly mode: 'lyingStatus'; readonly identifier?: string; readonly status: string }
  );

export type AwsFaultMode = AwsFaultRule['mode'];
export type ActiveAwsFault = AwsFaultRule & {
  readonly id: string;
  /** How often it struck. */
  readonly hits: number;
};

interface Asked {
  readonly service: string;
  readonly operation: string;
  readonly region: string;
}

/** The switches. Rules are tried in the order they were set; of each mode the first that matches strikes. */
export class AwsFaults {
  readonly #rules: { id: string; rule: AwsFaultRule; seen: number; hits: number }[] = [];
  #next = 1;
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  add(rule: AwsFaultRule): ActiveAwsFault {
    const entry = { id: `aws-${this.#next++}`, rule, seen: 0, hits: 0 };
    this.#rules.push(entry);
    return { ...rule, id: entry.id, hits: 0 };
  }

  list(): readonly ActiveAwsFault[] {
    return this.#rules.filter((entry) => !isSpent(entry)).map(({ id, rule, hits }) => ({ ...rule, id, hits }));
  }

  /** Clears one, or all; answers how many. */
  clear(id?: string): number {
    const before = this.#rules.length;
    const left = id === undefined ? [] : this.#rules.filter((entry) => entry.id !== id);
    this.#rules.splice(0, before, ...left);
    return before - left.length;
  }

  /** The rules that strike this request, counted as used: at most one of each mode. */
  strike(asked: Asked): readonly AwsFaultRule[] {
    const struck = new Map<AwsFaultMode, AwsFaultRule>();
    for (const entry of this.#rules) {
      const { rule } = entry;
      if (rule.mode === 'stuckStatus' || rule.mode === 'lyingStatus' || struck.has(rule.mode)) continue;
      if (isSpent(entry) || !matches(rule, asked)) continue;
      entry.seen += 1;
      if (entry.seen <= (rule.skip ?? 0)) continue;
      if (rule.probability !== undefined && this.#random() >= rule.probability) continue;
      entry.hits += 1;
      struck.set(rule.mode, rule);
    }
    return [...struck.values()];
  }

  /** The status an instance or snapshot is said to have, when a rule lies about it. */
  lieOf(region: string, identifier: string): string | undefined {
    const entry = this.#ofStatus('lyingStatus', region, identifier);
    if (entry?.rule.mode !== 'lyingStatus') return undefined;
    entry.hits += 1;
    return entry.rule.status;
  }

  /** Whether an instance or snapshot must stay in the status it has now. */
  isStuck(region: string, identifier: string, status: string): boolean {
    const entry = this.#ofStatus('stuckStatus', region, identifier, status);
    if (entry) entry.hits += 1;
    return entry !== undefined;
  }

  #ofStatus(mode: AwsFaultMode, region: string, identifier: string, status?: string) {
    return this.#rules.find((entry) => {
      const { rule } = entry;
      if (rule.mode !== mode || (rule.mode !== 'stuckStatus' && rule.mode !== 'lyingStatus') || isSpent(entry))
        return false;
      if (rule.region !== undefined && rule.region !== region) return false;
      if (rule.identifier !== undefined && rule.identifier !== identifier) return false;
      return rule.mode === 'lyingStatus' || rule.status === undefined || rule.status === status;
    });
  }
}

function isSpent({ rule, hits }: { readonly rule: AwsFaultRule; readonly hits: number }): boolean {
  if (rule.mode === 'stuckStatus') return false;
  return rule.count !== undefined && hits >= rule.count;
}

function matches({ service, operation, region }: Which, asked: Asked): boolean {
  return (
    (service === undefined || service === asked.service) &&
    (operation === undefined || operation === asked.operation) &&
    (region === undefined || region === asked.region)
  );
}
