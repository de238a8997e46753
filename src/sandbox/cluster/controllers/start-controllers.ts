import type { KubeConfig } from '@kubernetes/client-node';
import { createEventRecorder } from '../kube/event-recorder.ts';
import { createKubeClient } from '../kube/kube-client.ts';
import type { Deployment, EndpointSlice, Job, Pod, ReplicaSet, Service } from '../kube/objects.ts';
import { RESOURCES } from '../kube/objects.ts';
import { startWatchCache } from '../kube/watch-cache.ts';
import type { ControllerContext } from './context.ts';
import { startDeploymentController } from './deployment-controller.ts';
import { startEndpointSliceController } from './endpoint-slice-controller.ts';
import { startJobController } from './job-controller.ts';
import { startReplicaSetController } from './replica-set-controller.ts';

/** Everything is looked at again this often, events or not. */
const RESYNC_MS = 30_000;

export interface ControllersOptions {
  readonly kubeConfig: KubeConfig;
  /** Told of failed attempts, all of which are retried. Nothing is logged by default. */
  readonly reportProblem?: (what: string, problem: Error) => void;
}

export interface RunningControllers {
  /** Stops watching and waits for writes in flight. */
  close(): Promise<void>;
}

/**
 * Starts the Deployment, ReplicaSet, Job and EndpointSlice controllers. They are clients of the API in the KubeConfig and of
 * nothing else. Resolves when the first look at all resources is complete; waits as long as the API is not reachable.
 */
export async function startControllers(options: ControllersOptions): Promise<RunningControllers> {
  const { kubeConfig, reportProblem = () => undefined } = options;
  const client = createKubeClient(kubeConfig);
  const follow = <T extends object>(resource: (typeof RESOURCES)[keyof typeof RESOURCES]) =>
    startWatchCache<T>(kubeConfig, client, resource, (problem) =>
      reportProblem(`watch of ${resource.plural}`, problem),
    );
  const context: ControllerContext = {
    client,
    deployments: follow<Deployment>(RESOURCES.deployments),
    replicaSets: follow<ReplicaSet>(RESOURCES.replicaSets),
    pods: follow<Pod>(RESOURCES.pods),
    services: follow<Service>(RESOURCES.services),
    endpointSlices: follow<EndpointSlice>(RESOURCES.endpointSlices),
    jobs: follow<Job>(RESOURCES.jobs),
    recordEvent: createEventRecorder(client, { component: 'controllers' }),
    reportProblem,
  };
  const caches = [
    context.deployments,
    context.replicaSets,
    context.pods,
    context.services,
    context.endpointSlices,
    context.jobs,
  ] as const;
  // Acting on half a view would create what is there already.
  await Promise.all(caches.map((cache) => cache.synced));
  const controllers = [
    startDeploymentController(context),
    startReplicaSetController(context),
    startEndpointSliceController(context),
    startJobController(context),
  ];
  for (const controller of controllers) controller.resync();
  const timer = setInterval(() => {
    for (const controller of controllers) controller.resync();
  }, RESYNC_MS);
  return {
    close: async () => {
      clearInterval(timer);
      for (const cache of caches) cache.close();
      await Promise.all(controllers.map((controller) => controller.close()));
      client.close();
    },
  };
}
