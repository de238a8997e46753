import { badRequest } from './api-error.ts';

/**
 * A request as fault rules and reviews see it. `verb` is get, list, watch, create, update, patch, delete or
 * deletecollection; `resource` is the plural, with `/subresource` where there is one.
 */
export interface RequestTraits {
  readonly verb: string;
  readonly resource: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly userAgent?: string;
}

/**
 * One fault. The traits say which requests it hits (absent: all; `pods` covers its subresources, `pods/log` only that
 * one; `userAgent` is a part of the header); the rest says what happens to them.
 */
export interface FaultRule {
  readonly verb?: string;
  readonly resource?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly userAgent?: string;
  /** HTTP status of the refusal, 400 to 599. */
  readonly status?: number;
  readonly retryAfterSeconds?: number;
  /** Waits before the request is read: one whose client gave up meanwhile has no effect. */
  readonly delayMs?: number;
  /** The request takes effect, then the connection is destroyed without an answer. */
  readonly dropReply?: boolean;
  /** SelfSubjectAccessReview answers no, and the verb itself 403. */
  readonly deny?: boolean;
  /** How many requests it hits before it goes away; absent: until removed. */
  readonly count?: number;
  /** Share of the matching requests that is hit, 0 to 1; absent: all. */
  readonly probability?: number;
}

export interface ActiveFault extends FaultRule {
  readonly id: string;
}

/** The faults of one server. Rules are tried in the order they were added; the first that hits decides. */
export class Faults {
  private readonly rules = new Map<string, ActiveFault>();
  private readonly random: () => number;
  private lastId = 0;

  constructor(initial: readonly (FaultRule & { readonly id?: string })[] = [], random: () => number = Math.random) {
    this.random = random;
    for (const rule of initial) this.add(rule);
  }

  /** Adds a rule, or replaces the one with the same id; answers the id. Throws for a rule that does nothing. */
  add(rule: FaultRule & { readonly id?: string }): string {
    check(rule);
    this.lastId += 1;
    const id = rule.id ?? `fault-${this.lastId}`;
    this.rules.set(id, { ...rule, id });
    return id;
  }

  list(): ActiveFault[] {
    return [...this.rules.values()];
  }

  /** Answers whether there was such a rule. */
  remove(id: string): boolean {
    return this.rules.delete(id);
  }

  clear(): void {
    this.rules.clear();
  }

  /** The fault that hits this request; uses up one of its `count`. */
  take(traits: RequestTraits): ActiveFault | undefined {
    for (const rule of this.rules.values()) {
      if (!matches(rule, traits) || (rule.probability !== undefined && this.random() >= rule.probability)) continue;
      if (rule.count !== undefined) {
        if (rule.count <= 1) this.rules.delete(rule.id);
        else this.rules.set(rule.id, { ...rule, count: rule.count - 1 });
      }
      return rule;
    }
    return undefined;
  }

  /** The deny rule that covers these traits, for access reviews; uses nothing up. */
  denial(traits: RequestTraits): ActiveFault | undefined {
    return this.list().find((rule) => rule.deny === true && matches(rule, traits));
  }
}

function matches(rule: FaultRule, traits: RequestTraits): boolean {
  const fits = (wanted: string | undefined, found: string | undefined): boolean =>
    wanted === undefined || wanted === found;
  const fitsResource = fits(rule.resource, traits.resource) || traits.resource.split('/')[0] === rule.resource;
  const fitsAgent = rule.userAgent === undefined || (traits.userAgent ?? '').includes(rule.userAgent);
  return (
    fits(rule.verb, traits.verb) &&
    fitsResource &&
    fits(rule.name, traits.name) &&
    fits(rule.namespace, traits.namespace) &&
    fitsAgent
  );
}

function check(rule: FaultRule): void {
  const { status, delayMs, count, probability } = rule;
  const expect = (holds: boolean, what: string): void => {
    if (!holds) throw badRequest(`fault rule: ${what}, got ${JSON.stringify(rule)}`);
  };
  expect(
    status !== undefined || delayMs !== undefined || rule.dropReply === true || rule.deny === true,
    'expected status, delayMs, dropReply or deny',
  );
  expect(
    status === undefined || (Number.isInteger(status) && status >= 400 && status <= 599),
    'status must be 400 to 599',
  );
  expect(delayMs === undefined || (Number.isFinite(delayMs) && delayMs >= 0), 'delayMs must be at least 0');
  expect(count === undefined || (Number.isInteger(count) && count >= 1), 'count must be a whole number, at least 1');
  expect(probability === undefined || (probability >= 0 && probability <= 1), 'probability must be 0 to 1');
}
