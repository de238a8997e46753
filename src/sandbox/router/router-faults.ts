/** A way for the router to misbehave until it is cleared. */
export type RouterFault =
  /** It answers this share (0 to 1) of requests 503 itself; counted, with the backend it would have chosen. */
  | { readonly kind: 'unavailable'; readonly ratio: number }
  /** Every request waits this long first. */
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** It goes on with the routes it has and applies no change, as a router that lost its control plane. */
  | { readonly kind: 'frozen' }
  /** The admin server answers 503 on /metrics. */
  | { readonly kind: 'noMetrics' };

/** The router's fault switches. Faults of different kinds act together; setting a kind again replaces it. */
export class RouterFaults {
  readonly #active = new Map<RouterFault['kind'], RouterFault>();
  readonly #onChange: () => void;
  #refusalCredit = 0;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  set(fault: RouterFault): void {
    this.#active.set(fault.kind, fault);
    this.#onChange();
  }

  /** Clears one kind, or all. */
  clear(kind?: RouterFault['kind']): void {
    if (kind) this.#active.delete(kind);
    else this.#active.clear();
    this.#onChange();
  }

  list(): RouterFault[] {
    return [...this.#active.values()];
  }

  has(kind: RouterFault['kind']): boolean {
    return this.#active.has(kind);
  }

  delayMs(): number {
    const fault = this.#active.get('delay');
    return fault?.kind === 'delay' ? fault.delayMs : 0;
  }

  /** True when this request is one of the refused share; spread evenly, not by chance. */
  refusesNext(): boolean {
    const fault = this.#active.get('unavailable');
    if (fault?.kind !== 'unavailable') return false;
    this.#refusalCredit += fault.ratio;
    if (this.#refusalCredit < 1 - 1e-9) return false;
    this.#refusalCredit -= 1;
    return true;
  }
}
