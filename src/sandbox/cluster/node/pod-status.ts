import { type Container, instantMs, type Pod, type PodCondition, type PodStatus, timestamp } from '../kube/objects.ts';
import { type ContainerSnapshot, containerStatus } from './container-state.ts';

export interface PodView {
  readonly pod: Pod;
  readonly podIp: string;
  readonly hostIp: string;
  readonly startedAtMs: number;
  readonly initContainers: readonly { readonly container: Container; readonly snapshot: ContainerSnapshot }[];
  readonly containers: readonly { readonly container: Container; readonly snapshot: ContainerSnapshot }[];
  /** Conditions as last written: an unchanged condition keeps its instant. */
  readonly conditions: readonly PodCondition[];
}

/** The whole `status` of a Pod from what its containers do. */
export function podStatus(view: PodView, nowMs: number): PodStatus {
  const { pod, containers, initContainers } = view;
  const snapshots = containers.map(({ snapshot }) => snapshot);
  const isInitialized = initContainers.every(({ snapshot }) => isSucceeded(snapshot));
  const phase = phaseOf(view, isInitialized);
  const isDone = phase === 'Succeeded' || phase === 'Failed';
  const unready = containers.filter(({ snapshot }) => !snapshot.isReady).map(({ container }) => container.name);
  const isReady = unready.length === 0 && !isDone;
  const readiness = isReady
    ? { status: 'True' }
    : {
        status: 'False',
        reason: isDone ? (phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed') : 'ContainersNotReady',
        ...(isDone ? {} : { message: `containers with unready status: [${unready.join(' ')}]` }),
      };
  const conditions: PodCondition[] = [
    { type: 'PodScheduled', status: 'True' },
    isInitialized
      ? { type: 'Initialized', status: 'True' }
      : { type: 'Initialized', status: 'False', reason: 'ContainersNotInitialized' },
    { type: 'ContainersReady', ...readiness },
    { type: 'Ready', ...readiness },
  ];
  return {
    phase,
    conditions: conditions.map((condition) => dated(condition, view.conditions, nowMs)),
    hostIP: view.hostIp,
    hostIPs: [{ ip: view.hostIp }],
    podIP: view.podIp,
    podIPs: [{ ip: view.podIp }],
    startTime: timestamp(view.startedAtMs),
    qosClass: pod.status?.qosClass ?? 'BestEffort',
    ...(initContainers.length > 0
      ? { initContainerStatuses: initContainers.map(({ container, snapshot }) => containerStatus(container, snapshot)) }
      : {}),
    containerStatuses: containers.map(({ container }, index) => {
      const snapshot = snapshots[index];
      if (!snapshot) throw new Error(`container ${container.name} has no snapshot`);
      return containerStatus(container, snapshot);
    }),
  };
}

function isSucceeded({ state, isFinished }: ContainerSnapshot): boolean {
  return isFinished && state.kind === 'terminated' && state.exitCode === 0;
}

function phaseOf({ containers, initContainers }: PodView, isInitialized: boolean): string {
  const hasFailedInit = initContainers.some(({ snapshot }) => snapshot.isFinished && !isSucceeded(snapshot));
  if (hasFailedInit) return 'Failed';
  if (!isInitialized) return 'Pending';
  const snapshots = containers.map(({ snapshot }) => snapshot);
  if (snapshots.every(({ isFinished }) => isFinished)) return snapshots.every(isSucceeded) ? 'Succeeded' : 'Failed';
  const hasNeverRun = snapshots.some(({ state, last }) => state.kind === 'waiting' && !last);
  return hasNeverRun ? 'Pending' : 'Running';
}

function dated(condition: PodCondition, before: readonly PodCondition[], nowMs: number): PodCondition {
  const known = before.find(({ type }) => type === condition.type);
  const isKept = known?.status === condition.status && !Number.isNaN(instantMs(known.lastTransitionTime));
  return { ...condition, lastTransitionTime: isKept ? (known.lastTransitionTime ?? '') : timestamp(nowMs) };
}
