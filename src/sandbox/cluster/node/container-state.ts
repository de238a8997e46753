import { type Container, type ContainerStatus, timestamp } from '../kube/objects.ts';

/** How a run of a container ended. */
export interface Termination {
  readonly exitCode: number;
  readonly reason: string;
  readonly message?: string;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
}

export type RunState =
  | { readonly kind: 'waiting'; readonly reason: string; readonly message?: string }
  | { readonly kind: 'running'; readonly startedAtMs: number }
  | ({ readonly kind: 'terminated' } & Termination);

/** What the agent knows of one container at this moment. */
export interface ContainerSnapshot {
  readonly state: RunState;
  readonly last: Termination | undefined;
  readonly restartCount: number;
  readonly isReady: boolean;
  readonly isStarted: boolean;
  readonly imageId: string;
  readonly id: string;
  /** Ended, and will not be started again. */
  readonly isFinished: boolean;
}

/** The entry of `status.containerStatuses`. */
export function containerStatus(container: Container, snapshot: ContainerSnapshot): ContainerStatus {
  const { state, last, id } = snapshot;
  return {
    name: container.name,
    image: container.image ?? '',
    imageID: snapshot.imageId,
    ready: snapshot.isReady,
    started: snapshot.isStarted,
    restartCount: snapshot.restartCount,
    state: stateOf(state, id),
    lastState: last ? { terminated: terminatedOf(last, id) } : {},
    ...(id ? { containerID: `sandbox://${id}` } : {}),
  };
}

function stateOf(state: RunState, id: string): NonNullable<ContainerStatus['state']> {
  switch (state.kind) {
    case 'waiting':
      return { waiting: { reason: state.reason, ...(state.message ? { message: state.message } : {}) } };
    case 'running':
      return { running: { startedAt: timestamp(state.startedAtMs) } };
    case 'terminated':
      return { terminated: terminatedOf(state, id) };
  }
}

type Terminated = NonNullable<NonNullable<ContainerStatus['state']>['terminated']>;

function terminatedOf(termination: Termination, id: string): Terminated {
  return {
    exitCode: termination.exitCode,
    reason: termination.reason,
    ...(termination.message ? { message: termination.message } : {}),
    startedAt: timestamp(termination.startedAtMs),
    finishedAt: timestamp(termination.finishedAtMs),
    ...(id ? { containerID: `sandbox://${id}` } : {}),
  };
}
