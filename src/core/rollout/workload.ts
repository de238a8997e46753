/** Deployments as Mainstay reads and makes them. Only the image of one container is ours to change. */
import { canonicalJson } from '../model/canonical-json.ts';
import { sha256 } from '../model/sha256.ts';
import { MARKS } from '../model/names.ts';

export interface Meta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly deletionTimestamp?: string;
}

export interface Container {
  readonly name: string;
  readonly image?: string;
}

export interface PodTemplate {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly creationTimestamp?: null | string;
  };
  readonly spec: { readonly containers: readonly Container[] } & Readonly<Record<string, unknown>>;
}

export interface Deployment {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Meta;
  readonly spec: {
    readonly replicas?: number;
    readonly selector: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly template: PodTemplate;
    readonly paused?: boolean;
  } & Readonly<Record<string, unknown>>;
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly readyReplicas?: number;
    readonly availableReplicas?: number;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

export interface Service {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Meta;
  readonly spec: {
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly {
      readonly name?: string;
      readonly port: number;
      readonly targetPort?: number | string;
      readonly protocol?: string;
      readonly appProtocol?: string;
    }[];
  } & Readonly<Record<string, unknown>>;
}

export function imageOf(deployment: Deployment, container: string): string | undefined {
  return deployment.spec.template.spec.containers.find((each) => each.name === container)?.image;
}

export function replicasOf(deployment: Deployment): number {
  return deployment.spec.replicas ?? 1;
}

/** The Deployment with another image in one container; nothing else changes. */
export function withImage(deployment: Deployment, container: string, image: string): Deployment {
  const containers = deployment.spec.template.spec.containers.map((each) =>
    each.name === container ? { ...each, image } : each,
  );
  const template = { ...deployment.spec.template, spec: { ...deployment.spec.template.spec, containers } };
  return { ...deployment, spec: { ...deployment.spec, template } };
}

export function withReplicas(deployment: Deployment, replicas: number): Deployment {
  return { ...deployment, spec: { ...deployment.spec, replicas } };
}

/** sha256 of the pod template: tells whether a template is the one observed before, without carrying its values. */
export function templateDigest(deployment: Deployment): string {
  const { metadata, spec } = deployment.spec.template;
  return sha256(canonicalJson({ labels: metadata?.labels ?? {}, annotations: metadata?.annotations ?? {}, spec }));
}

/**
 * Canary pods for a weight: `ceil(replicas * weight / 100)`, at least one.
 * Worked examples: 10 replicas at 25 % -> 3; 4 replicas at 10 % -> 1.
 */
export function canaryReplicas(stableReplicas: number, weightPercent: number): number {
  return Math.max(1, Math.ceil((stableReplicas * weightPercent) / 100));
}

/** Labels of canary pods: those of stable with another track, so that the stable Service does not select them. */
export function canaryLabels(labels: Readonly<Record<string, string>>, term: number): Record<string, string> {
  return { ...labels, [MARKS.track]: `canary-${term}` };
}

/** `app=crm-api,mainstay.dev/track=stable`: the form list calls take. */
export function selectorText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

export interface CanaryNaming {
  readonly name: string;
  readonly term: number;
  readonly service: string;
}

/** Name, labels and annotations of an object that Mainstay makes for a term. */
export function createdMeta(
  naming: CanaryNaming,
  name: string,
  namespace: string | undefined,
  annotations: Record<string, string>,
): Meta {
  return {
    name,
    ...(namespace !== undefined && { namespace }),
    labels: { [MARKS.service]: naming.service, [MARKS.track]: `canary-${naming.term}`, [MARKS.managedBy]: 'mainstay' },
    annotations,
  };
}

/** The canary Deployment: stable's template with our image and the canary track. */
export function makeCanaryDeployment(
  stable: Deployment,
  naming: CanaryNaming,
  want: {
    readonly container: string;
    readonly image: string;
    readonly replicas: number;
    readonly annotations: Record<string, string>;
  },
): Deployment {
  const labels = canaryLabels(stable.spec.template.metadata?.labels ?? {}, naming.term);
  const selector = canaryLabels(stable.spec.selector.matchLabels ?? {}, naming.term);
  const { metadata, spec } = withImage(stable, want.container, want.image).spec.template;
  const { replicas: _r, selector: _s, template: _t, paused: _p, ...rest } = stable.spec;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: createdMeta(naming, naming.name, stable.metadata.namespace, want.annotations),
    spec: {
      ...rest,
      replicas: want.replicas,
      selector: { matchLabels: selector },
      template: { metadata: { labels, ...(metadata?.annotations && { annotations: metadata.annotations }) }, spec },
    },
  };
}

/** The canary Service: stable's ports, selecting the canary track. */
export function makeCanaryService(
  stable: Service,
  naming: CanaryNaming,
  name: string,
  annotations: Record<string, string>,
): Service {
  const ports = (stable.spec.ports ?? []).map(({ name: portName, port, targetPort, protocol, appProtocol }) => ({
    ...(portName !== undefined && { name: portName }),
    port,
    ...(targetPort !== undefined && { targetPort }),
    ...(protocol !== undefined && { protocol }),
    ...(appProtocol !== undefined && { appProtocol }),
  }));
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: createdMeta(naming, name, stable.metadata.namespace, annotations),
    spec: { type: 'ClusterIP', selector: canaryLabels(stable.spec.selector ?? {}, naming.term), ports },
  };
}

export interface Readiness {
  readonly ready: boolean;
  /** `Deployment crm/crm-api: 3 of 5 replicas updated, 3 ready` */
  readonly says: string;
}

/** All wanted replicas run the current template and are available, and no old pod is left. */
export function assessReadiness(deployment: Deployment): Readiness {
  const want = replicasOf(deployment);
  const { metadata, status } = deployment;
  const name = `Deployment ${metadata.namespace ?? 'default'}/${metadata.name}`;
  const current = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 1);
  const updated = status?.updatedReplicas ?? 0;
  const available = status?.availableReplicas ?? 0;
  const total = status?.replicas ?? 0;
  const ready = current && updated === want && available === want && total === want;
  const progress = status?.conditions?.find((each) => each.type === 'Progressing' && each.status === 'False');
  const says = !current
    ? `${name}: the controller has not seen the latest change yet`
    : `${name}: ${updated} of ${want} replicas updated, ${available} available${total > want ? `, ${total - want} old still there` : ''}${progress?.message ? `; ${progress.message}` : ''}`;
  return { ready, says };
}

interface ContainerLike {
  readonly name: string;
  readonly ready?: boolean;
  readonly restartCount?: number;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly terminated?: { readonly exitCode?: number; readonly reason?: string };
  };
  readonly lastState?: { readonly terminated?: { readonly exitCode?: number; readonly reason?: string } };
}

interface PodLike {
  readonly metadata: Meta;
  readonly status?: {
    readonly phase?: string;
    readonly containerStatuses?: readonly ContainerLike[];
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
}

/** One sentence about the worst pod, for people: why it is not ready. Empty when there is nothing to say. */
export function explainPods(pods: readonly PodLike[]): string {
  for (const pod of pods) {
    for (const container of pod.status?.containerStatuses ?? []) {
      const waiting = container.state?.waiting;
      if (waiting?.reason && waiting.reason !== 'ContainerCreating') {
        return `pod ${pod.metadata.name}: ${waiting.reason}${waiting.message ? ` (${waiting.message})` : ''}${lastExit(container)}, ${container.restartCount ?? 0} restarts`;
      }
    }
  }
  for (const pod of pods) {
    const unready = pod.status?.containerStatuses?.find((each) => each.ready === false);
    if (unready === undefined) continue;
    // Seen between two crashes it looks like one that only starts slowly: what it did before is the reason.
    const restarts = unready.restartCount ?? 0;
    if (restarts > 0) return `pod ${pod.metadata.name}: not ready${lastExit(unready)}, ${restarts} restarts`;
    return `pod ${pod.metadata.name} runs but its readiness probe does not pass`;
  }
  return '';
}

function lastExit({ state, lastState }: ContainerLike): string {
  const ended = state?.terminated ?? lastState?.terminated;
  return ended ? `, last exit code ${ended.exitCode ?? '?'}` : '';
}
