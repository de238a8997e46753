import { renameSync, writeFileSync } from 'node:fs';
import type { Pod } from '../kube/objects.ts';
import { matchesLabels } from '../kube/selectors.ts';

/** What a service under test shall do wrong; read by it from the file named by SANDBOX_FAULT_FILE. */
export interface ServiceFault {
  /** Share of requests to fail, 0 to 1. */
  readonly errorRatio?: number;
  readonly latencyMs?: number;
  readonly noMetrics?: boolean;
  readonly crash?: boolean;
  readonly [name: string]: unknown;
}

/** Which Pods are hit, now and later. Absent parts match everything. */
export interface FaultRule {
  readonly namespace?: string;
  readonly podName?: string;
  readonly labelSelector?: Readonly<Record<string, string>>;
  /** `sha256:...` of the image a container of the Pod runs. */
  readonly imageDigest?: string;
  readonly fault: ServiceFault;
}

/** The faults of all rules that match, later rules over earlier ones. */
export function faultFor(rules: Iterable<FaultRule>, pod: Pod, imageIds: readonly string[]): ServiceFault {
  let merged: ServiceFault = {};
  for (const { namespace, podName, labelSelector, imageDigest, fault } of rules) {
    if (namespace !== undefined && namespace !== pod.metadata?.namespace) continue;
    if (podName !== undefined && podName !== pod.metadata?.name) continue;
    if (labelSelector && !matchesLabels(labelSelector, pod.metadata?.labels)) continue;
    if (imageDigest !== undefined && !imageIds.some((id) => id.endsWith(imageDigest))) continue;
    merged = { ...merged, ...fault };
  }
  return merged;
}

/** Replaces the fault file in one step, so that a service never reads half of it. */
export function writeFaultFile(file: string, fault: ServiceFault): void {
  const temporary = `${file}.part`;
  writeFileSync(temporary, `${JSON.stringify(fault)}\n`);
  renameSync(temporary, file);
}
