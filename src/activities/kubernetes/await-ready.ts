import { Context } from '@temporalio/activity';
import type { KubernetesClient, KubernetesObject } from '../../clients/kubernetes/port.ts';
import { assessReadiness, type Deployment, explainPods } from '../../core/rollout/workload.ts';
import { isCoded } from '../../errors/coded-error.ts';

const LOOK_EVERY_MS = 500;

export type ReadyOutcome =
  | { readonly outcome: 'ready'; readonly says: string }
  | { readonly outcome: 'notReady'; readonly says: string };

/**
 * Waits until a Deployment runs its current template everywhere. Ends with `notReady` and the reason of the worst pod
 * when the time is over. A look that fails is taken again; the API being away does not end the wait early or late.
 */
export async function awaitReady(
  client: KubernetesClient,
  at: { readonly namespace: string; readonly name: string },
  timeoutMs: number,
  tell: (doing: string) => void,
): Promise<ReadyOutcome> {
  const until = Date.now() + timeoutMs;
  let says = `Deployment ${at.namespace}/${at.name}: not looked at yet`;
  for (;;) {
    try {
      const deployment = await client.get<Deployment & KubernetesObject>({ kind: 'Deployment', ...at });
      if (deployment === undefined)
        return { outcome: 'notReady', says: `Deployment ${at.namespace}/${at.name} does not exist` };
      const found = assessReadiness(deployment);
      if (found.ready) return { outcome: 'ready', says: found.says };
      says = found.says;
      tell(`waiting: ${says}`);
      if (Date.now() >= until) {
        const why = await explain(client, deployment);
        return { outcome: 'notReady', says: `${says} after ${Math.round(timeoutMs / 1000)} s${why ? `; ${why}` : ''}` };
      }
    } catch (error) {
      if (!isCoded(error, 'Unavailable') && !isCoded(error, 'Timeout') && !isCoded(error, 'Throttled')) throw error;
      says = error.message;
      if (Date.now() >= until) return { outcome: 'notReady', says };
    }
    await Context.current().sleep(LOOK_EVERY_MS);
  }
}

async function explain(client: KubernetesClient, deployment: Deployment): Promise<string> {
  const labels = deployment.spec.selector.matchLabels ?? {};
  const labelSelector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  try {
    return explainPods(
      (await client.list('Pod', deployment.metadata.namespace ?? 'default', { labelSelector })) as Parameters<
        typeof explainPods
      >[0],
    );
  } catch {
    return '';
  }
}
