import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { DIAL_ANNOTATION } from '../../../clients/kubernetes/pod-address.ts';
import type { RecordEvent } from '../kube/event-recorder.ts';
import { hasCode, type KubeClient } from '../kube/kube-client.ts';
import { type Container, type Pod, type PodStatus, RESOURCES } from '../kube/objects.ts';
import type { ContainerLog } from './container-log.ts';
import { ContainerRunner, type ContainerTimings } from './container-runner.ts';
import type { ImageStore } from './image-store.ts';
import { type ServiceFault, writeFaultFile } from './pod-faults.ts';
import { podStatus } from './pod-status.ts';
import { isFree, type PodAddresses, type PortPool } from './ports.ts';

const HOST_IP = '127.0.0.1';
const RETRY_MS = 300;

export interface PodRunnerSetup {
  readonly pod: Pod;
  /** Folder of this Pod alone; removed at its end. */
  readonly folder: string;
  readonly client: KubeClient;
  readonly images: ImageStore;
  readonly ports: PortPool;
  readonly addresses: PodAddresses;
  readonly timings: ContainerTimings;
  /** Resolves when no router sends to the Pod any more, or after a bounded time. */
  readonly drained: (pod: Pod) => Promise<void>;
  /** The fault that the Pod has to suffer now, given the images it runs. */
  readonly faultFor: (pod: Pod, imageIds: readonly string[]) => ServiceFault;
  readonly recordEvent: RecordEvent;
  readonly reportProblem: (what: string, problem: Error) => void;
  readonly onGone: () => void;
}

interface Member {
  readonly container: Container;
  readonly runner: ContainerRunner;
}

/** Runs one Pod from its binding to its removal and writes its status. */
export class PodRunner {
  readonly #setup: PodRunnerSetup;
  readonly #podIp: string;
  readonly #startedAtMs = Date.now();
  readonly #realPorts = new Map<number, number>();
  readonly #imageIds = new Set<string>();
  readonly #closing = new AbortController();
  readonly #initMembers: Member[];
  readonly #members: Member[];
  #pod: Pod;
  #written: PodStatus | undefined;
  #fault = '';
  #isDirty = false;
  #writing: Promise<void> | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #isEnding = false;
  #isLeaving = false;
  #isReleased = false;

  constructor(setup: PodRunnerSetup) {
    this.#setup = setup;
    this.#pod = setup.pod;
    this.#podIp = setup.addresses.take();
    mkdirSync(setup.folder, { recursive: true });
    const policy = restartPolicy(setup.pod);
    const member = (container: Container, isInit: boolean): Member => {
      const restart = isInit && policy === 'Always' ? 'OnFailure' : policy;
      return { container, runner: this.#createRunner(container, restart) };
    };
    this.#initMembers = (setup.pod.spec?.initContainers ?? []).map((container) => member(container, true));
    this.#members = (setup.pod.spec?.containers ?? []).map((container) => member(container, false));
  }

  start(): void {
    this.#running = this.#run().catch((error: unknown) => {
      if (!this.#closing.signal.aborted) this.#report(error);
    });
  }

  /** Takes note of a newer version of the Pod; the first one with a deletion time begins its end. */
  update(pod: Pod): void {
    this.#pod = pod;
    this.applyFault();
    if (pod.metadata?.deletionTimestamp && !this.#isEnding) {
      this.#isEnding = true;
      void this.#end().catch((error: unknown) => this.#report(error));
    }
  }

  /** The Pod is gone from the API: nothing is owed to it. */
  abandon(): void {
    this.#closing.abort();
    for (const { runner } of this.#all()) runner.kill();
    void this.#running.then(() => this.#release());
  }

  /** Stops the processes and leaves the Pod object, because the agent is closing. */
  async shutDown(graceMs: number): Promise<void> {
    this.#isEnding = true;
    this.#isLeaving = true;
    const ownGraceMs = (this.#pod.spec?.terminationGracePeriodSeconds ?? 30) * 1000;
    await Promise.all(this.#all().map(({ runner }) => runner.stop(Math.min(graceMs, ownGraceMs))));
    this.#closing.abort();
    await this.#running;
    await this.#writing;
    this.#release();
  }

  /** Log of a container by name; undefined while it has none. */
  log(container: string, previous: boolean): { known: boolean; log: ContainerLog | undefined } {
    const found = this.#all().find((member) => member.container.name === container);
    return { known: found !== undefined, log: found?.runner.log(previous) };
  }

  /** Writes the fault file when what the Pod has to suffer changed. */
  applyFault(): void {
    const fault = this.#setup.faultFor(this.#pod, [...this.#imageIds]);
    const text = JSON.stringify(fault);
    if (text === this.#fault || this.#isReleased) return;
    this.#fault = text;
    writeFaultFile(this.#faultFile(), fault);
  }

  #all(): Member[] {
    return [...this.#initMembers, ...this.#members];
  }

  #faultFile(): string {
    return join(this.#setup.folder, 'fault.json');
  }

  #createRunner(container: Container, policy: 'Always' | 'OnFailure' | 'Never'): ContainerRunner {
    const { pod, client, images, timings, folder, recordEvent } = this.#setup;
    return new ContainerRunner({
      pod,
      container,
      restartPolicy: policy,
      client,
      images,
      timings,
      folder,
      nominal: { podIp: this.#podIp, hostIp: HOST_IP },
      faultFile: this.#faultFile(),
      claimPorts: () => this.#claimPorts(container),
      onImage: (image) => {
        this.#imageIds.add(image.imageId);
        this.applyFault();
      },
      onChange: () => this.#writeSoon(),
      recordEvent,
    });
  }

  async #run(): Promise<void> {
    this.applyFault();
    this.#writeSoon();
    for (const { runner } of this.#initMembers) {
      if (!(await runner.run())) return;
    }
    await Promise.all(this.#members.map(({ runner }) => runner.run()));
  }

  /** Real ports of a container. One that somebody else took while the container was down is replaced. */
  async #claimPorts(container: Container): Promise<ReadonlyMap<number, number>> {
    const { ports: pool, client } = this.#setup;
    const mine = new Map<number, number>();
    let isChanged = false;
    for (const { containerPort } of container.ports ?? []) {
      const known = this.#realPorts.get(containerPort);
      const real = known !== undefined && (await isFree(known)) ? known : await pool.take();
      if (real !== known) isChanged = true;
      this.#realPorts.set(containerPort, real);
      mine.set(containerPort, real);
    }
    if (isChanged) {
      // Before the process starts: nobody may find the Pod ready and dial the nominal address.
      const dial = Object.fromEntries([...this.#realPorts].map(([port, real]) => [port, `${HOST_IP}:${real}`]));
      const { uid } = this.#pod.metadata ?? {};
      const metadata = { uid, annotations: { [DIAL_ANNOTATION]: JSON.stringify(dial) } };
      await client.mergePatch(this.#at(), { metadata });
    }
    return mine;
  }

  #at() {
    const { namespace, name } = this.#pod.metadata ?? {};
    return { resource: RESOURCES.pods, namespace, name };
  }

  #writeSoon(): void {
    this.#isDirty = true;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  async #writeAll(): Promise<void> {
    // Several changes of one moment make one write.
    await Promise.resolve();
    while (this.#isDirty && !this.#isReleased) {
      this.#isDirty = false;
      const status = this.#status();
      if (isDeepStrictEqual(status, this.#written)) continue;
      try {
        const { uid } = this.#pod.metadata ?? {};
        await this.#setup.client.mergePatch({ ...this.#at(), subresource: 'status' }, { metadata: { uid }, status });
        this.#written = status;
      } catch (error) {
        // Gone, or another Pod under the same name: the watch will say so.
        if (hasCode(error, 404) || hasCode(error, 409)) return;
        if (this.#closing.signal.aborted) return;
        this.#report(error);
        this.#isDirty = true;
        await delay(RETRY_MS, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      }
    }
  }

  #status(): PodStatus {
    const view = ({ container, runner }: Member) => {
      const snapshot = runner.snapshot();
      // Stopped with the agent, not for good: the Pod must not look as if its work were done.
      return { container, snapshot: this.#isLeaving ? { ...snapshot, isFinished: false } : snapshot };
    };
    return podStatus(
      {
        pod: this.#pod,
        podIp: this.#podIp,
        hostIp: HOST_IP,
        startedAtMs: this.#startedAtMs,
        initContainers: this.#initMembers.map(view),
        containers: this.#members.map(view),
        conditions: this.#written?.conditions ?? this.#pod.status?.conditions ?? [],
      },
      Date.now(),
    );
  }

  /** Out of the endpoints first, then the processes, then the object. */
  async #end(): Promise<void> {
    const graceSeconds =
      this.#pod.metadata?.deletionGracePeriodSeconds ?? this.#pod.spec?.terminationGracePeriodSeconds ?? 30;
    const deadlineMs = Date.now() + graceSeconds * 1000;
    if (graceSeconds > 0 && this.#members.some(({ runner }) => runner.snapshot().isReady)) {
      await this.#setup.drained(this.#pod);
    }
    const graceMs = Math.max(deadlineMs - Date.now(), 0);
    await Promise.all(this.#all().map(({ runner }) => runner.stop(graceMs)));
    await this.#running;
    await this.#writing;
    await this.#removeObject();
    this.#closing.abort();
    this.#release();
  }

  async #removeObject(): Promise<void> {
    const { uid } = this.#pod.metadata ?? {};
    while (!this.#closing.signal.aborted) {
      try {
        await this.#setup.client.remove(this.#at(), { uid, gracePeriodSeconds: 0 });
        return;
      } catch (error) {
        if (hasCode(error, 404) || hasCode(error, 409)) return;
        this.#report(error);
        await delay(RETRY_MS, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      }
    }
  }

  #release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#setup.ports.release(this.#realPorts.values());
    this.#setup.addresses.release(this.#podIp);
    rmSync(this.#setup.folder, { recursive: true, force: true });
    this.#setup.onGone();
  }

  #report(error: unknown): void {
    const { namespace, name } = this.#pod.metadata ?? {};
    this.#setup.reportProblem(`pod ${namespace}/${name}`, error instanceof Error ? error : new Error(String(error)));
  }
}

function restartPolicy(pod: Pod): 'Always' | 'OnFailure' | 'Never' {
  const policy = pod.spec?.restartPolicy;
  return policy === 'OnFailure' || policy === 'Never' ? policy : 'Always';
}
