import type { AwsFaults } from '../aws/front/fault-rules.ts';
import type { Faults } from '../cluster/api/faults.ts';
import type { RegistryFaults } from '../registry/registry-faults.ts';
import type { RouterFaults } from '../router/router-faults.ts';
import { type ActiveSandboxFault, type AwsFault, InvalidFault, type SandboxFault, type ServiceFault } from './fault.ts';

/** The parts whose switches are set. */
export interface FaultTargets {
  readonly api: Faults;
  readonly registry: RegistryFaults;
  readonly router: RouterFaults;
  /** Takes the whole list of faults of services each time it changes. */
  readonly setServiceFaults: (faults: readonly ServiceFault[]) => Promise<void>;
  /** Undefined, or absent, in a sandbox without AWS. */
  readonly aws?: () => AwsFaults | undefined;
}

/** One list of all faults that are on, by id. */
export class SandboxFaults {
  readonly #targets: FaultTargets;
  readonly #active = new Map<string, ActiveSandboxFault>();
  #lastId = 0;

  constructor(targets: FaultTargets) {
    this.#targets = targets;
  }

  /**
   * Switches a fault on. Resolves when the part has it; a pod follows within its poll interval of 200 ms. Throws
   * InvalidFault for a version that the registry lacks, and for AWS where there is none; then nothing has changed.
   */
  async add(fault: SandboxFault): Promise<ActiveSandboxFault> {
    if (fault.kind === 'aws') return this.#addAws(fault);
    this.#lastId += 1;
    const active = { ...fault, id: `${fault.kind}-${this.#lastId}` };
    if (fault.kind === 'api') {
      const { kind: _kind, ...rule } = fault;
      this.#targets.api.add({ ...withoutUndefined(rule), id: active.id });
    }
    this.#active.set(active.id, active);
    try {
      await this.#applyOthers();
    } catch (error) {
      this.#active.delete(active.id);
      throw error;
    }
    return active;
  }

  #addAws(fault: AwsFault): ActiveSandboxFault {
    const aws = this.#targets.aws?.();
    if (!aws) throw new InvalidFault('kind: this sandbox has no AWS; start it with mainstay sandbox up --aws');
    const { kind, ...rule } = fault;
    return { ...aws.add(withoutUndefined(rule)), kind };
  }

  /** The faults that are on; one of the API or of AWS with a count disappears when it is used up. */
  list(): ActiveSandboxFault[] {
    const left = new Set(this.#targets.api.list().map(({ id }) => id));
    for (const [id, { kind }] of this.#active) if (kind === 'api' && !left.has(id)) this.#active.delete(id);
    // Tests set those of AWS there too.
    const ofAws = this.#targets.aws?.()?.list() ?? [];
    return [...this.#active.values(), ...ofAws.map((rule): ActiveSandboxFault => ({ ...rule, kind: 'aws' }))];
  }

  /** False when there is no such fault. */
  async remove(id: string): Promise<boolean> {
    if (!this.list().some((fault) => fault.id === id)) return false;
    this.#active.delete(id);
    this.#targets.api.remove(id);
    this.#targets.aws?.()?.clear(id);
    await this.#applyOthers();
    return true;
  }

  /** Switches all off and answers how many there were. */
  async clear(): Promise<number> {
    const all = this.list();
    for (const { id } of all) {
      this.#active.delete(id);
      this.#targets.api.remove(id);
    }
    this.#targets.aws?.()?.clear();
    await this.#applyOthers();
    return all.length;
  }

  async #applyOthers(): Promise<void> {
    const { registry, router, setServiceFaults } = this.#targets;
    const active = [...this.#active.values()];
    registry.clear();
    router.clear();
    for (const fault of active) {
      if (fault.kind === 'registry')
        registry.set(fault.mode === 'delay' ? { kind: 'delay', delayMs: fault.delayMs } : { kind: fault.mode });
      if (fault.kind === 'router') setRouterFault(router, fault);
    }
    await setServiceFaults(active.filter((fault) => fault.kind === 'service'));
  }
}

function setRouterFault(router: RouterFaults, fault: Extract<SandboxFault, { kind: 'router' }>): void {
  switch (fault.mode) {
    case 'unavailable':
      return router.set({ kind: 'unavailable', ratio: fault.ratio });
    case 'delay':
      return router.set({ kind: 'delay', delayMs: fault.delayMs });
    case 'frozen':
    case 'noMetrics':
      return router.set({ kind: fault.mode });
  }
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as Defined<T>;
}
