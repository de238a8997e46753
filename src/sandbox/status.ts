import type { ActiveSandboxFault } from './faults/fault.ts';
import type { LoadStatistics } from './load/load.ts';

/** Where the parts of a sandbox listen. */
export interface SandboxAddresses {
  /** Kubernetes API, `http://127.0.0.1:<port>`. */
  readonly api: string;
  /** `host:port`, the first part of image names. */
  readonly registry: string;
  readonly router: string;
  readonly routerAdmin: string;
  /** Absent when it was not asked for. */
  readonly prometheus?: string;
  /** With the password; absent when it was not asked for, or could not start. */
  readonly database?: string;
  /** Absent when it was not asked for. */
  readonly aws?: AwsAddress;
}

/** One endpoint for all services. */
export interface AwsAddress {
  readonly url: string;
  /** Where the example company is. */
  readonly region: string;
  /** Seconds here for a second there. */
  readonly clockFactor: number;
}

export interface SandboxPod {
  readonly namespace: string;
  readonly name: string;
  /** Tag of the image in the sandbox's registry, or its digest when it has none. */
  readonly version: string;
  readonly phase: string;
  readonly isReady: boolean;
  readonly restarts: number;
}

/** What a ready sandbox says of itself. */
export interface RunningStatus extends SandboxAddresses {
  readonly kubeconfig: string;
  readonly pods: readonly SandboxPod[];
  readonly load: LoadStatistics;
  readonly faults: readonly ActiveSandboxFault[];
}

/** `GET /status` of the control server. */
export interface SandboxStatus {
  readonly pid: number;
  readonly stateDir: string;
  readonly startedAt: string;
  readonly control: string;
  readonly phase: 'starting' | 'ready' | 'stopping';
  /** What it does now, in words. */
  readonly step: string;
  /** Absent until it is ready. */
  readonly running?: RunningStatus;
}
