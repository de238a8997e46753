/** The sandbox's own parts around a Kubernetes API that is not the sandbox's: they are clients of that API only. */
import { mkdir } from 'node:fs/promises';
import { startControllers } from '../../../src/sandbox/cluster/controllers/start-controllers.ts';
import { type NodeAgent, startNodeAgent } from '../../../src/sandbox/cluster/node/start-node-agent.ts';
import { startRegistry } from '../../../src/sandbox/registry/server.ts';
import { startRouter } from '../../../src/sandbox/router/server.ts';
import type { ClusterParts } from '../../harness/e2e.ts';
import type { ControlPlane } from './control-plane.ts';

export interface RealCluster extends ClusterParts {
  readonly node: NodeAgent;
  /** What the parts told of and got over, last 50. */
  readonly problems: readonly string[];
}

/** Starts registry, router, node agent and controllers; what was started is ended when a later part fails. */
export async function startParts(plane: ControlPlane, stateDir: string): Promise<RealCluster> {
  const stops: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  try {
    return await compose(plane, stateDir, stops, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function compose(
  { kubeConfig, kubeconfigPath }: ControlPlane,
  stateDir: string,
  stops: (() => Promise<void> | void)[],
  close: () => Promise<void>,
): Promise<RealCluster> {
  const problems: string[] = [];
  const reportProblem = (part: string, problem: Error): void => {
    problems.push(`${part}: ${problem.message}`);
    if (problems.length > 50) problems.shift();
  };
  await mkdir(stateDir, { recursive: true });
  const registry = await startRegistry({ stateDir });
  stops.push(registry.close);
  const router = await startRouter({ kubeConfig, reportProblem: (problem) => reportProblem('router', problem) });
  stops.push(router.close);
  const node = await startNodeAgent({ kubeConfig, stateDir, registryHost: registry.host, reportProblem });
  stops.push(node.close);
  const controllers = await startControllers({ kubeConfig, reportProblem });
  stops.push(controllers.close);
  await router.synced;
  return { kubeConfig, kubeconfigPath, registry, router, node, problems, close };
}
