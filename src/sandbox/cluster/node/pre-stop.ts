import { setTimeout as delay } from 'node:timers/promises';
import type { Container } from '../kube/objects.ts';
import { execProbe, httpProbe, type ProbeTarget } from './probe.ts';

/** Runs the container's preStop hook within the grace; answers why it failed, which does not keep it from ending. */
export async function runPreStop(
  container: Container,
  target: ProbeTarget,
  graceMs: number,
): Promise<string | undefined> {
  const hook = container.lifecycle?.preStop;
  if (!hook) return undefined;
  const signal = AbortSignal.timeout(graceMs);
  try {
    if (hook.sleep) await delay(hook.sleep.seconds * 1000, undefined, { signal });
    if (hook.httpGet) await httpProbe(hook.httpGet, target, signal);
    if (hook.exec) await execProbe(hook.exec.command ?? [], target, signal);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
