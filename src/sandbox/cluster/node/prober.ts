import { setTimeout as delay } from 'node:timers/promises';
import type { Container, Probe } from '../kube/objects.ts';
import { type ProbeTarget, runProbe } from './probe.ts';

/** Until a container answered for the first time it is asked at least this often, so that it is ready in time. */
const EAGER_MS = 250;

export interface ProberHooks {
  onStarted(): void;
  onReady(ready: boolean, message?: string): void;
  /** Liveness or startup failed for good: the container is to be restarted. */
  onUnhealthy(which: 'Liveness' | 'Startup', message: string): void;
}

/**
 * Runs the probes of one started container until the signal. Startup first; then readiness and liveness side by side.
 * A container without a readiness probe is ready when it is started. `scale` shortens initial delays and periods.
 */
export async function runProbes(
  container: Container,
  target: ProbeTarget,
  scale: number,
  hooks: ProberHooks,
  signal: AbortSignal,
): Promise<void> {
  const wait = (ms: number): Promise<void> => delay(ms, undefined, { signal });
  try {
    if (container.startupProbe && !(await awaitStartup(container.startupProbe))) return;
    hooks.onStarted();
    const loops: Promise<void>[] = [];
    if (container.readinessProbe) loops.push(watchReadiness(container.readinessProbe));
    else hooks.onReady(true);
    if (container.livenessProbe) loops.push(watchLiveness(container.livenessProbe));
    await Promise.all(loops);
  } catch (error) {
    if (!signal.aborted) throw error;
  }

  async function awaitStartup(probe: Probe): Promise<boolean> {
    await wait(initialDelayMs(probe));
    const deadlineMs = Date.now() + periodMs(probe) * (probe.failureThreshold ?? 3);
    for (;;) {
      const result = await runProbe(probe, target, signal);
      if (result.ok) return true;
      if (!signal.aborted && Date.now() >= deadlineMs) {
        hooks.onUnhealthy('Startup', result.message);
        return false;
      }
      await wait(Math.min(periodMs(probe), EAGER_MS));
    }
  }

  async function watchReadiness(probe: Probe): Promise<void> {
    const { successThreshold = 1, failureThreshold = 3 } = probe;
    let successes = 0;
    let failures = 0;
    let hasBeenReady = successThreshold > 1;
    await wait(initialDelayMs(probe));
    for (;;) {
      const result = await runProbe(probe, target, signal);
      if (signal.aborted) return;
      successes = result.ok ? successes + 1 : 0;
      failures = result.ok ? 0 : failures + 1;
      if (successes >= successThreshold) {
        hasBeenReady = true;
        hooks.onReady(true);
      } else if (!result.ok && failures >= failureThreshold) hooks.onReady(false, result.message);
      await wait(hasBeenReady ? periodMs(probe) : Math.min(periodMs(probe), EAGER_MS));
    }
  }

  async function watchLiveness(probe: Probe): Promise<void> {
    let failures = 0;
    await wait(initialDelayMs(probe));
    for (;;) {
      const result = await runProbe(probe, target, signal);
      if (signal.aborted) return;
      failures = result.ok ? 0 : failures + 1;
      if (!result.ok && failures >= (probe.failureThreshold ?? 3)) {
        hooks.onUnhealthy('Liveness', result.message);
        return;
      }
      await wait(periodMs(probe));
    }
  }

  function initialDelayMs(probe: Probe): number {
    return (probe.initialDelaySeconds ?? 0) * 1000 * scale;
  }

  function periodMs(probe: Probe): number {
    return Math.max((probe.periodSeconds ?? 10) * 1000 * scale, 10);
  }
}
