/** Each cluster of the catalogue: reachable, rights, objects of each service, keys and secret references. */
import type { KubernetesClient, KubernetesClients } from '../../clients/kubernetes/port.ts';
import type { TrafficRouter } from '../../clients/router/port.ts';
import { resolveSecret } from '../../clients/secrets/resolve-secret.ts';
import { serviceIn } from '../../core/catalogue/merge.ts';
import { type Check, failed, notChecked, ok, warning } from '../../core/doctor/check.ts';
import type { Catalogue, EnvironmentEntry, ServiceEntry } from '../../core/model/catalogue.ts';
import { describeProblem } from '../../core/model/problem.ts';
import { looksLikeSecretReference } from '../../core/model/secret-reference.ts';
import { rightsFor } from '../../core/preflight/required-rights.ts';
import { resolveTarget } from '../../core/rollout/resolve-target.ts';
import { formatBackends } from '../../core/rollout/route.ts';
import { isCoded } from '../../errors/coded-error.ts';
import { checkOfError, type CheckRun } from './run-checks.ts';

export interface ClusterDeps {
  readonly kubernetes: KubernetesClients;
  readonly router: TrafficRouter;
}

/** One run for the rights of each environment, one for each service in it. */
export function clusterRuns(deps: ClusterDeps, catalogue: Catalogue, only: string | undefined): readonly CheckRun[] {
  const environments = Object.entries(catalogue.environments).filter(([name]) => only === undefined || name === only);
  return environments.flatMap(([name, environment]) => [
    { id: `cluster/${name}`, run: (signal) => checkCluster(deps, { name, environment, catalogue }, signal) },
    ...Object.entries(catalogue.services).flatMap(([service, entry]): readonly CheckRun[] => [
      { id: `service/${name}/${service}`, run: (signal) => checkService(deps, catalogue, { name, service }, signal) },
      {
        id: `secrets/${name}/${service}`,
        run: (signal) => checkSecrets(deps, serviceIn(entry, name), { name, service, environment }, signal),
      },
    ]),
  ]);
}

interface Place {
  readonly name: string;
  readonly environment: EnvironmentEntry;
  readonly catalogue: Catalogue;
}

async function checkCluster(
  { kubernetes }: ClusterDeps,
  { name, environment, catalogue }: Place,
  signal: AbortSignal,
): Promise<readonly Check[]> {
  const { cluster, namespace } = environment;
  const unset = unsetIn(cluster.kubeconfig);
  if (unset !== undefined) {
    const says = `${unset} is not set here: which cluster it is cannot be known`;
    return [notChecked(`cluster/${name}`, says, `set ${unset} to the path of the kubeconfig`)];
  }
  const client = kubernetes(cluster);
  const where = `${cluster.context === undefined ? 'the current context' : `context ${cluster.context}`}, namespace ${namespace}`;
  const first = await firstAnswer(client, namespace, signal);
  if (first !== undefined) {
    return [
      failed(
        `cluster/${name}`,
        `${where}: ${first}`,
        'look at KUBECONFIG and the context in the catalogue; kubectl cluster-info',
      ),
      notChecked(`rights/${name}`, 'the cluster does not answer'),
    ];
  }
  return [
    ok(`cluster/${name}`, `${where} answers`),
    await checkRights(client, { name, environment, catalogue }, signal),
  ];
}

/** Each right once, whatever routers the services of the environment have. */
function neededIn(catalogue: Catalogue, environment: string) {
  const kinds = Object.values(catalogue.services).map((service) => serviceIn(service, environment).traffic.kind);
  const rows = [...new Set(kinds.flatMap((kind) => rightsFor(kind)))].filter(({ asked }) => asked === 'always');
  const all = rows.flatMap(({ kind, verbs, why }) => verbs.map((verb) => ({ kind, verb, why })));
  return all.filter(
    ({ kind, verb }, index) => all.findIndex((each) => each.kind === kind && each.verb === verb) === index,
  );
}

/** Undefined when the cluster answers, whatever it says about the right. */
async function firstAnswer(
  client: KubernetesClient,
  namespace: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    await client.canI('get', 'Deployment', namespace, signal);
    return undefined;
  } catch (error) {
    if (isCoded(error)) return error.message;
    throw error;
  }
}

async function checkRights(
  client: KubernetesClient,
  { name, environment, catalogue }: Place,
  signal: AbortSignal,
): Promise<Check> {
  const { namespace } = environment;
  const id = `rights/${name}`;
  try {
    const asked = await Promise.all(
      neededIn(catalogue, name).map(async (right) => {
        return { ...right, may: await client.canI(right.verb, right.kind, namespace, signal) };
      }),
    );
    const missing = asked.filter(({ may }) => !may);
    const as = 'the credentials of this place (a worker may have others)';
    if (missing.length === 0) return ok(id, `all ${asked.length} rights in ${namespace} are granted to ${as}`);
    const list = missing.map(({ kind, verb, why }) => `${verb} ${kind} (needed to ${why})`);
    return failed(
      id,
      `${as} may not, in ${namespace}: ${list.join('; ')}`,
      'grant them: mainstay catalogue rbac | kubectl apply -f -   (or deploy/kubernetes/rbac.yaml)',
    );
  } catch (error) {
    return checkOfError(id, error);
  }
}

/** Deployment, Service and routing object exist, and the route knows the service. */
async function checkService(
  { kubernetes, router }: ClusterDeps,
  catalogue: Catalogue,
  { name, service }: { readonly name: string; readonly service: string },
  signal: AbortSignal,
): Promise<readonly Check[]> {
  const id = `service/${name}/${service}`;
  const resolved = resolveTarget(catalogue, { service, environment: name });
  if ('problems' in resolved) return [notChecked(id, resolved.problems.map(describeProblem).join('; '))];
  const { workload, traffic } = resolved.target;
  const { namespace, cluster } = workload;
  const client = kubernetes(cluster);
  const apply = 'apply the team’s own objects first; see docs/deploying.md';
  const [deployment, stable, route] = await Promise.all([
    client.get({ kind: 'Deployment', namespace, name: workload.deployment }, signal),
    client.get({ kind: 'Service', namespace, name: traffic.stableService }, signal),
    router.read(resolved.target, signal),
  ]);
  const missing = [
    ...(deployment ? [] : [`Deployment ${namespace}/${workload.deployment}`]),
    ...(stable ? [] : [`Service ${namespace}/${traffic.stableService}`]),
    ...(route ? [] : [router.nameOf(resolved.target)]),
  ];
  if (route === undefined || missing.length > 0) return [failed(id, `does not exist: ${missing.join(', ')}`, apply)];
  return [ok(id, `${router.nameOf(resolved.target)} sends ${formatBackends(route.backends)}`)];
}

/** Keys that must be there and references that must resolve. Values are read and thrown away. */
async function checkSecrets(
  { kubernetes }: ClusterDeps,
  service: ServiceEntry,
  {
    name,
    service: serviceName,
    environment,
  }: { readonly name: string; readonly service: string; readonly environment: EnvironmentEntry },
  signal: AbortSignal,
): Promise<readonly Check[]> {
  const id = `secrets/${name}/${serviceName}`;
  if (unsetIn(environment.cluster.kubeconfig) !== undefined)
    return [notChecked(id, 'which cluster it is cannot be known')];
  const client = kubernetes(environment.cluster);
  const references = service.build.kind === 'localCommand' ? Object.values(service.build.environment ?? {}) : [];
  const found = await Promise.all([
    ...(service.requires ?? []).map(async ({ kind, name: object, keys }) => {
      const held = await client.get({ kind, namespace: environment.namespace, name: object }, signal);
      const where = `${kind} ${environment.namespace}/${object}`;
      if (held === undefined) return failed(id, `${where} does not exist`, `create it with ${keys.join(', ')}`);
      const missing = keys.filter((key) => !Object.hasOwn(held.data ?? {}, key));
      return missing.length === 0
        ? undefined
        : failed(id, `${where}: no key ${missing.join(', ')}`, `add ${missing.join(', ')} to it`);
    }),
    ...references.filter(looksLikeSecretReference).map(async (reference) => {
      try {
        await resolveSecret(reference, { kubernetes: client }, signal);
        return undefined;
      } catch (error) {
        if (!isCoded(error)) throw error;
        // What lies beside the worker need not lie here.
        const isElsewhere = reference.startsWith('env:') || reference.startsWith('file:');
        return isElsewhere
          ? warning(id, `${error.message}, here`, 'it must be there where the worker runs')
          : checkOfError(id, error);
      }
    }),
  ]);
  const problems = found.filter((each) => each !== undefined);
  if (problems.length > 0) return problems;
  const count = found.length;
  return [
    ok(
      id,
      count === 0
        ? 'no keys and no secret references are needed'
        : `${count} ConfigMaps, Secrets and references are as needed`,
    ),
  ];
}

function unsetIn(written: string | undefined): string | undefined {
  return /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/.exec(written ?? '')?.[1];
}
