import type { createTurns } from './in-turn.ts';
import type { Places } from './places.ts';
import type { Programs } from './programs.ts';
import type { Servers } from './servers.ts';

/** What the parts of an engine share. */
export interface EngineContext {
  readonly places: Places;
  readonly programs: Programs;
  readonly servers: Servers;
  /** Calls that change the same server wait for each other. */
  readonly inTurn: ReturnType<typeof createTurns>;
  readonly recoveryLimitMs: number;
}
