/** What the workflows of dumps and copies call, by name: a wire format. Bodies stand in their folders. */
import type { AwsClients } from '../clients/aws/port.ts';
import type { KubernetesClients } from '../clients/kubernetes/port.ts';
import type { ResourceClients } from '../clients/kubernetes/resource-client.ts';
import { createCopyCache } from './cache/copy-cache.ts';
import { createPruneCacheCopies } from './cache/prune-cache.ts';
import { createVerifyCache } from './cache/verify-cache.ts';
import { createResolveCopies, type ResolveCopiesDeps } from './catalogue/resolve-copies.ts';
import { createCopyCluster } from './cluster-backup/copy-cluster.ts';
import { createPruneClusterCopies } from './cluster-backup/prune-cluster.ts';
import { createVerifyCluster } from './cluster-backup/verify-cluster.ts';
import { createPruneDumps } from './dumps/prune-dumps.ts';
import { createTakeDump } from './dumps/take-dump.ts';
import { createVerifyDump } from './dumps/verify-dump.ts';

export interface CopyDeps extends ResolveCopiesDeps {
  readonly aws: AwsClients;
  readonly kubernetes: KubernetesClients;
  readonly resources: ResourceClients;
}

export function createCopyActivities(deps: CopyDeps) {
  return {
    ...createResolveCopies(deps),
    ...createTakeDump(deps),
    ...createVerifyDump(deps),
    ...createPruneDumps(deps),
    ...createCopyCluster(deps),
    ...createVerifyCluster(deps),
    ...createPruneClusterCopies(deps),
    ...createCopyCache(deps),
    ...createVerifyCache(deps),
    ...createPruneCacheCopies(deps),
  };
}

export type CopyActivities = ReturnType<typeof createCopyActivities>;
