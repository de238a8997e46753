/** A way for the registry to misbehave until it is cleared. */
export type RegistryFault =
  /** Connections are cut without an answer, as when nothing listens. */
  | { readonly kind: 'down' }
  /** Every request is answered 503 UNAVAILABLE. */
  | { readonly kind: 'unavailable' }
  /** Every request waits this long first. */
  | { readonly kind: 'delay'; readonly delayMs: number };

/** The registry's fault switches. Faults of different kinds act together; setting a kind again replaces it. */
export class RegistryFaults {
  readonly #active = new Map<RegistryFault['kind'], RegistryFault>();

  set(fault: RegistryFault): void {
    this.#active.set(fault.kind, fault);
  }

  /** Clears one kind, or all. */
  clear(kind?: RegistryFault['kind']): void {
    if (kind) this.#active.delete(kind);
    else this.#active.clear();
  }

  list(): RegistryFault[] {
    return [...this.#active.values()];
  }

  has(kind: RegistryFault['kind']): boolean {
    return this.#active.has(kind);
  }

  delayMs(): number {
    const fault = this.#active.get('delay');
    return fault?.kind === 'delay' ? fault.delayMs : 0;
  }
}
