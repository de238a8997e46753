/** Brings the named Deployment back to what was observed: our image field (and replicas of a first deployment), nothing else. */
import type { KubernetesClients } from '../../clients/kubernetes/port.ts';
import type { BeforeRecord, Fence, ForeignChange, RestoredObject } from '../../core/model/operation.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import {
  type Deployment,
  imageOf,
  replicasOf,
  templateDigest,
  withImage,
  withReplicas,
} from '../../core/rollout/workload.ts';
import { guardedWrite, withHeartbeats } from '../mutation.ts';
import { awaitReady } from './await-ready.ts';
import { guardedDeployment } from './guarded-deployment.ts';

export interface RestoreInput {
  readonly plan: DeployPlan;
  readonly fence: Fence;
  readonly operation: string;
  readonly before: BeforeRecord;
  /** Image this operation wanted to bring; anything that is neither this nor the one before is someone else's. */
  readonly image?: string;
}

/** The account of one undo step. `complete` false asks a person for help. */
export interface RestoreAccount {
  readonly complete: boolean;
  readonly problem?: string;
  /** Traffic was left where it is because the stable version has no ready pod. */
  readonly isStableDown?: boolean;
  readonly restored: readonly RestoredObject[];
  readonly foreign: readonly ForeignChange[];
}

export function createRestoreWorkload(deps: { readonly kubernetes: KubernetesClients }) {
  return {
    async restoreWorkload(input: RestoreInput): Promise<RestoreAccount> {
      return withHeartbeats((tell) => restore(deps.kubernetes, input, tell));
    },
  };
}

async function restore(
  kubernetes: KubernetesClients,
  input: RestoreInput,
  tell: (doing: string) => void,
): Promise<RestoreAccount> {
  const { plan, fence, operation, before } = input;
  const { cluster, namespace, deployment: name, container } = plan.workload;
  const client = kubernetes(cluster);
  const want = before.deployment;
  const object = `Deployment ${namespace}/${name}`;
  const change = (each: Deployment): Deployment => {
    const next = withImage(each, container, want.image);
    return before.first ? withReplicas(next, want.replicas) : next;
  };
  const target = guardedDeployment(
    client,
    { namespace, name },
    operation,
    (each) => imageOf(each, container) ?? 'no image',
    change,
  );
  tell(`restoring ${object}`);
  const written = await guardedWrite(target, { fence, field: 'image', wanted: want.image });
  if (written.outcome !== 'done') {
    const row = { object, field: 'image', wanted: want.image, observed: 'deleted', restored: false, changed: false };
    return {
      complete: false,
      problem: `${object} was deleted by someone else; apply it again`,
      restored: [row],
      foreign: [],
    };
  }
  const ready = await awaitReady(client, { namespace, name }, plan.deadlines.readyMs, tell);
  const standing = written.state;
  const foreign = whatOthersChanged(input, object, written.before, standing);
  const restored: RestoredObject[] = [
    {
      object,
      field: 'image',
      wanted: want.image,
      observed: imageOf(standing, container) ?? '',
      restored: true,
      changed: written.changed,
    },
    {
      object,
      field: 'replicas',
      wanted: String(want.replicas),
      observed: String(replicasOf(standing)),
      restored: replicasOf(standing) === want.replicas,
      changed: false,
      ...(replicasOf(standing) !== want.replicas && { note: 'changed by someone else, left as it is' }),
    },
    {
      object,
      field: 'readiness',
      wanted: 'all replicas ready',
      observed: ready.says,
      restored: ready.outcome === 'ready',
      changed: false,
    },
  ];
  if (ready.outcome === 'ready') return { complete: true, restored, foreign };
  return { complete: false, problem: ready.says, restored, foreign };
}

function whatOthersChanged(
  input: RestoreInput,
  object: string,
  imageBefore: string,
  standing: Deployment,
): readonly ForeignChange[] {
  const want = input.before.deployment;
  const foreign: ForeignChange[] = [];
  // After a take-over the image that was to come is not known: what stood there is not called foreign.
  if (input.image !== undefined && imageBefore !== want.image && imageBefore !== input.image) {
    foreign.push({ object, field: 'image', expected: input.image, observed: imageBefore });
  }
  if (replicasOf(standing) !== want.replicas) {
    foreign.push({
      object,
      field: 'replicas',
      expected: String(want.replicas),
      observed: String(replicasOf(standing)),
    });
  }
  const digest = templateDigest(standing);
  if (digest !== want.templateDigest) {
    foreign.push({
      object,
      field: 'pod template',
      expected: `sha256 ${want.templateDigest.slice(0, 12)}`,
      observed: `sha256 ${digest.slice(0, 12)}`,
    });
  }
  return foreign;
}
