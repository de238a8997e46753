import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RecordEvent } from '../kube/event-recorder.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { Container, Pod } from '../kube/objects.ts';
import { Backoff, type BackoffOptions } from './backoff.ts';
import { type ContainerCommand, containerCommand } from './container-command.ts';
import { ContainerConfigError, containerEnv, contractEnv, imageEnv } from './container-env.ts';
import { ContainerLog, lastWords } from './container-log.ts';
import type { ContainerSnapshot, RunState, Termination } from './container-state.ts';
import { endProcess, type GuardedProcess, startGuarded } from './guarded-process.ts';
import type { ImageStore, LocalImage } from './image-store.ts';
import { runPreStop } from './pre-stop.ts';
import type { ProbeTarget } from './probe.ts';
import { runProbes } from './prober.ts';

/** How a missing ConfigMap, Secret or command is looked for again. */
const CONFIG_RETRY_MS = 1000;

export interface ContainerTimings {
  readonly crashBackoff: BackoffOptions;
  readonly pullBackoff: BackoffOptions;
  /** Factor on initial delays and periods of probes. */
  readonly probePeriodScale: number;
}

export interface ContainerSetup {
  readonly pod: Pod;
  readonly container: Container;
  readonly restartPolicy: 'Always' | 'OnFailure' | 'Never';
  readonly client: KubeClient;
  readonly images: ImageStore;
  readonly timings: ContainerTimings;
  readonly folder: string;
  readonly nominal: { readonly podIp: string; readonly hostIp: string };
  readonly faultFile: string;
  /** Real port of each container port of this container, in the order of declaration; checked before each start. */
  readonly claimPorts: () => Promise<ReadonlyMap<number, number>>;
  readonly onImage: (image: LocalImage) => void;
  readonly onChange: () => void;
  readonly recordEvent: RecordEvent;
}

/** Runs one container: image, configuration, process, probes, and starts again with growing waits. */
export class ContainerRunner {
  readonly #setup: ContainerSetup;
  readonly #stopping = new AbortController();
  readonly #restarts: Backoff;
  #state: RunState = { kind: 'waiting', reason: 'ContainerCreating' };
  #last: Termination | undefined;
  /** The end before the last one: what "last state" means while the state itself is the last end. */
  #earlier: Termination | undefined;
  #restartCount = 0;
  #isReady = false;
  #isStarted = false;
  #isFinished = false;
  #imageId = '';
  #id = '';
  #process: GuardedProcess | undefined;
  #target: ProbeTarget | undefined;
  #logs: ContainerLog[] = [];

  constructor(setup: ContainerSetup) {
    this.#setup = setup;
    this.#restarts = new Backoff(setup.timings.crashBackoff);
  }

  snapshot(): ContainerSnapshot {
    return {
      state: this.#state,
      last: this.#state.kind === 'terminated' ? this.#earlier : this.#last,
      restartCount: this.#restartCount,
      isReady: this.#isReady,
      isStarted: this.#isStarted,
      imageId: this.#imageId,
      id: this.#id,
      isFinished: this.#isFinished,
    };
  }

  /** Log of the current run, or of the one before it. */
  log(previous: boolean): ContainerLog | undefined {
    return this.#logs.at(previous ? -2 : -1);
  }

  /** Runs until the container ended for good or is stopped; resolves with true when it ended with exit code 0. */
  async run(): Promise<boolean> {
    try {
      while (!this.#stopping.signal.aborted) {
        const image = await this.#obtainImage();
        const { command, env, ports } = await this.#configure(image);
        const ended = await this.#runOnce(command, env, ports);
        if (!this.#mustRestart(ended)) break;
        await this.#backOff(ended);
        this.#restartCount += 1;
      }
    } catch (error) {
      if (!this.#stopping.signal.aborted) throw error;
    }
    // A stop in the middle of a back-off: nothing is being waited for any more.
    if (this.#state.kind === 'waiting' && this.#last) this.#state = { kind: 'terminated', ...this.#last };
    this.#isFinished = true;
    this.#setup.onChange();
    return this.#state.kind === 'terminated' && this.#state.exitCode === 0;
  }

  /** Ends the container: hook, SIGTERM, and SIGKILL when the grace is over. Resolves when it has ended. */
  async stop(graceMs: number): Promise<void> {
    const deadlineMs = Date.now() + graceMs;
    this.#stopping.abort();
    const running = this.#process;
    if (!running) return;
    const { pod, container, recordEvent } = this.#setup;
    recordEvent(pod, 'Normal', 'Killing', `Stopping container ${container.name}`);
    if (this.#target) {
      const problem = await runPreStop(container, this.#target, graceMs);
      if (problem) this.log(false)?.append(`sandbox: preStop hook failed: ${problem}`);
    }
    await endProcess(running, Math.max(deadlineMs - Date.now(), 0));
  }

  /** Ends the container at once. */
  kill(): void {
    this.#stopping.abort();
    this.#process?.kill();
  }

  #set(state: RunState): void {
    this.#state = state;
    this.#setup.onChange();
  }

  #warn(reason: string, message: string): void {
    this.#setup.recordEvent(this.#setup.pod, 'Warning', reason, message);
  }

  #wait(ms: number): Promise<void> {
    return delay(ms, undefined, { signal: this.#stopping.signal });
  }

  #mustRestart(ended: Termination): boolean {
    if (this.#stopping.signal.aborted) return false;
    const { restartPolicy } = this.#setup;
    return restartPolicy === 'Always' || (restartPolicy === 'OnFailure' && ended.exitCode !== 0);
  }

  async #backOff(ended: Termination): Promise<void> {
    const waitMs = this.#restarts.nextRestart(ended.finishedAtMs - ended.startedAtMs);
    if (waitMs === 0) return;
    const { pod, container } = this.#setup;
    const { name, namespace, uid } = pod.metadata ?? {};
    const subject = `container=${container.name} pod=${name}_${namespace}(${uid})`;
    const message = `back-off ${waitMs / 1000}s restarting failed ${subject}`;
    this.#warn('BackOff', `Back-off restarting failed ${subject}`);
    this.#set({ kind: 'waiting', reason: 'CrashLoopBackOff', message });
    await this.#wait(waitMs);
  }

  async #obtainImage(): Promise<LocalImage> {
    const { container, images, timings, onImage } = this.#setup;
    const name = container.image ?? '';
    const backoff = new Backoff(timings.pullBackoff);
    for (;;) {
      try {
        images.parse(name);
      } catch (error) {
        this.#warn('InspectFailed', messageOf(error));
        this.#set({ kind: 'waiting', reason: 'InvalidImageName', message: messageOf(error) });
        await this.#wait(backoff.next());
        continue;
      }
      try {
        const image = await images.pull(name, container.imagePullPolicy);
        this.#imageId = image.imageId;
        onImage(image);
        this.#stopping.signal.throwIfAborted();
        return image;
      } catch (error) {
        this.#stopping.signal.throwIfAborted();
        const problem = `Failed to pull image "${name}": ${messageOf(error)}`;
        const waitMs = backoff.next();
        this.#warn('Failed', problem);
        // Both reasons are shown for a while: what happened, then that it is being waited.
        this.#set({ kind: 'waiting', reason: 'ErrImagePull', message: problem });
        await this.#wait(waitMs / 4);
        const message = `Back-off pulling image "${name}": ErrImagePull: ${problem}`;
        this.#set({ kind: 'waiting', reason: 'ImagePullBackOff', message });
        await this.#wait((waitMs * 3) / 4);
      }
    }
  }

  async #configure(
    image: LocalImage,
  ): Promise<{ command: ContainerCommand; env: Record<string, string>; ports: ReadonlyMap<number, number> }> {
    const { client, pod, container, nominal } = this.#setup;
    for (;;) {
      try {
        const base = imageEnv(image, pod, this.#setup.folder);
        const own = await containerEnv(client, pod, container, base, nominal);
        const ports = await this.#setup.claimPorts();
        const env = { ...own, ...contractEnv(pod, this.#setup.faultFile, ports) };
        const command = containerCommand(container, image, env);
        mkdirSync(command.cwd, { recursive: true });
        this.#stopping.signal.throwIfAborted();
        return { command, env, ports };
      } catch (error) {
        this.#stopping.signal.throwIfAborted();
        const reason = error instanceof ContainerConfigError ? 'CreateContainerConfigError' : 'CreateContainerError';
        this.#warn('Failed', `Error: ${messageOf(error)}`);
        this.#set({ kind: 'waiting', reason, message: messageOf(error) });
        await this.#wait(CONFIG_RETRY_MS);
      }
    }
  }

  async #runOnce(
    command: ContainerCommand,
    env: Record<string, string>,
    ports: ReadonlyMap<number, number>,
  ): Promise<Termination> {
    const { container, folder, timings } = this.#setup;
    const log = new ContainerLog(join(folder, 'logs', container.name, `${this.#restartCount}.log`));
    this.#logs.push(log);
    if (this.#logs.length > 2) this.#logs.shift()?.remove();
    const startedAtMs = Date.now();
    const running = startGuarded({ ...command, env });
    log.collect(running.stdout);
    log.collect(running.stderr);
    this.#process = running;
    this.#id = randomUUID().replaceAll('-', '');
    this.#target = { cwd: command.cwd, env, dial: (port) => dialPort(container, ports, port) };
    this.#isStarted = false;
    this.#setup.recordEvent(this.#setup.pod, 'Normal', 'Started', `Started container ${container.name}`);
    this.#set({ kind: 'running', startedAtMs });

    const ending = new AbortController();
    const signal = AbortSignal.any([ending.signal, this.#stopping.signal]);
    const probing = runProbes(container, this.#target, timings.probePeriodScale, this.#hooks(running, log), signal);
    const exitCode = await running.exited;
    ending.abort();
    await probing;
    log.end();
    this.#process = undefined;
    this.#isReady = false;
    this.#isStarted = false;
    const message = exitCode === 0 ? '' : lastWords(container, log);
    const ended: Termination = {
      exitCode,
      reason: exitCode === 0 ? 'Completed' : 'Error',
      ...(message ? { message } : {}),
      startedAtMs,
      finishedAtMs: Date.now(),
    };
    this.#earlier = this.#last;
    this.#last = ended;
    this.#set({ kind: 'terminated', ...ended });
    return ended;
  }

  #hooks(running: GuardedProcess, log: ContainerLog) {
    const { pod, container, onChange } = this.#setup;
    return {
      onStarted: () => {
        this.#isStarted = true;
        onChange();
      },
      onReady: (ready: boolean, message?: string) => {
        if (!ready && message) this.#warn('Unhealthy', `Readiness probe failed: ${message}`);
        if (this.#isReady === ready) return;
        this.#isReady = ready;
        onChange();
      },
      onUnhealthy: (which: 'Liveness' | 'Startup', message: string) => {
        this.#warn('Unhealthy', `${which} probe failed: ${message}`);
        log.append(`sandbox: ${which} probe failed, the container is restarted: ${message}`);
        const probe = which === 'Liveness' ? container.livenessProbe : container.startupProbe;
        const graceSeconds = probe?.terminationGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
        void endProcess(running, graceSeconds * 1000);
      },
    };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function dialPort(container: Container, ports: ReadonlyMap<number, number>, port: number | string) {
  const declared = container.ports?.find(({ name }) => name === port)?.containerPort ?? Number(port);
  const real = ports.get(declared);
  return real === undefined ? undefined : { host: '127.0.0.1', port: real };
}
