/** Someone else's hands on the cluster: what a colleague, or another tool, does to objects in the middle of a deployment. */
import { hasCode } from '../../src/sandbox/cluster/kube/kube-client.ts';
import { type KubeObject, RESOURCES } from '../../src/sandbox/cluster/kube/objects.ts';
import { HTTP_ROUTES } from '../../src/sandbox/router/gateway-objects.ts';
import type { Stage } from '../harness/e2e/stage.ts';
import type { Kind } from './points.ts';

const PUT_BACK_AFTER_MS = 3_000;
const FENCE = 'mainstay.dev/fence';
export const ODD_WEIGHT = 7;

/** @param image what `image` sets: neither the one that serves nor the one that is deployed */
export async function edit(kind: Kind, stage: Stage, image: string): Promise<void> {
  switch (kind) {
    case 'weight':
      return changeWeights(stage);
    case 'image':
      return stage.editContainer({ image });
    case 'replicas': {
      const replicas = (await stage.deployment()).spec?.replicas ?? 1;
      await stage.patchDeployment({ spec: { replicas: replicas + 1 } });
      return;
    }
    case 'stamp':
      return removeStamps(stage);
    case 'deletion':
      return deleteSomething(stage);
    case 'fail':
    case 'lostReply':
    case 'cancel':
    case 'terminate':
    case 'kill':
    case 'noData':
      throw new Error(`${kind} is no edit`);
  }
}

/** Of all backends of all rules. */
async function changeWeights(stage: Stage): Promise<void> {
  const route = await stage.route();
  const rules = (route.spec?.rules ?? []).map((rule) => ({
    ...rule,
    backendRefs: (rule.backendRefs ?? []).map((ref) => ({ ...ref, weight: ODD_WEIGHT })),
  }));
  await stage.kube.mergePatch(stage.at(HTTP_ROUTES), { spec: { rules } });
}

async function removeStamps(stage: Stage): Promise<void> {
  const route = await stage.route();
  const keys = Object.keys(route.metadata?.annotations ?? {}).filter((key) => key.startsWith(FENCE));
  const gone = Object.fromEntries(keys.map((key) => [key, null]));
  await stage.kube.mergePatch(stage.at(HTTP_ROUTES), { metadata: { annotations: gone } });
  await stage.patchDeployment({ metadata: { annotations: { [FENCE]: null } } });
}

/** The canary's Deployment; while there is none the route, which is applied again soon, as a tool that holds it would. */
async function deleteSomething(stage: Stage): Promise<void> {
  const canary = await stage.canaryName();
  if (canary !== undefined) return stage.kube.remove(stage.at(RESOURCES.deployments, canary));
  const route: KubeObject = await stage.route();
  await stage.kube.remove(stage.at(HTTP_ROUTES));
  setTimeout(() => {
    const { name, namespace, labels } = route.metadata ?? {};
    const { status: _status, ...rest } = route as KubeObject & { status?: unknown };
    const fresh = { ...rest, metadata: { name, namespace, ...(labels && { labels }) } };
    stage.kube.create({ resource: HTTP_ROUTES, namespace: stage.name }, fresh).catch((error: unknown) => {
      if (!hasCode(error, 409))
        process.stderr.write(`the route of ${stage.name} could not be put back: ${String(error)}\n`);
    });
  }, PUT_BACK_AFTER_MS);
}
