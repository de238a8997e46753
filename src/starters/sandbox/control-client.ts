import type { ActiveSandboxFault } from '../../sandbox/faults/fault.ts';
import { findDaemon } from '../../sandbox/daemon-state.ts';
import type { LoadStatistics } from '../../sandbox/load/load.ts';
import type { SandboxStatus } from '../../sandbox/status.ts';
import { CommandError } from '../command-error.ts';

const CALL_TIMEOUT_MS = 10_000;

/** What the commands ask of a running sandbox. Each call throws CommandError. */
export interface ControlClient {
  readonly status: SandboxStatus;
  setRate(rps: number): Promise<LoadStatistics>;
  addFault(fault: object): Promise<ActiveSandboxFault>;
  faults(): Promise<readonly ActiveSandboxFault[]>;
  clearFaults(id?: string): Promise<number>;
}

/** Finds the sandbox of a state folder. Throws CommandError `unavailable` when none runs or it does not answer. */
export async function connect(stateDir: string): Promise<ControlClient> {
  const found = await findDaemon(stateDir);
  if (found.kind === 'silent') {
    throw new CommandError('unavailable', `the sandbox in ${stateDir} (pid ${found.pid}) does not answer`, [
      `tail ${stateDir}/daemon.log`,
    ]);
  }
  if (found.kind !== 'running') {
    throw new CommandError('unavailable', `no sandbox runs in ${stateDir}`, [
      `mainstay sandbox up${stateOption(stateDir)}`,
    ]);
  }
  const { control } = found.status;

  async function call<T>(method: string, path: string, body?: object): Promise<T> {
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    let response: Response;
    try {
      response = await fetch(control + path, { method, ...init, signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
    } catch {
      throw new CommandError('unavailable', `the sandbox at ${control} does not answer`);
    }
    const answer = (await response.json()) as T & { error?: string };
    if (response.ok) return answer;
    throw new CommandError(
      response.status === 503 ? 'unavailable' : 'usage',
      answer.error ?? `answered ${response.status}`,
    );
  }

  return {
    status: found.status,
    setRate: (rps) => call('PUT', '/load', { rps }),
    addFault: (fault) => call('POST', '/faults', fault),
    faults: async () => (await call<{ faults: ActiveSandboxFault[] }>('GET', '/faults')).faults,
    clearFaults: async (id) =>
      (await call<{ cleared: number }>('DELETE', id === undefined ? '/faults' : `/faults/${encodeURIComponent(id)}`))
        .cleared,
  };
}

/** The default state folder, below the folder where the command runs. */
export const DEFAULT_STATE_DIR = '.mainstay/sandbox';

/** ` --state DIR` for commands that are printed, empty for the default. */
export function stateOption(stateDir: string): string {
  return stateDir === DEFAULT_STATE_DIR ? '' : ` --state ${stateDir}`;
}
