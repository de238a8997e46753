import { hasCode, type KubeClient } from '../kube/kube-client.ts';
import { type ConfigMap, type Container, type Pod, RESOURCES, type Secret } from '../kube/objects.ts';
import { expandVariables, searchPath } from './container-command.ts';
import type { LocalImage } from './image-store.ts';

/** A container that cannot be started as configured: `CreateContainerConfigError` until it is put right. */
export class ContainerConfigError extends Error {}

/** Names that every shell passes on; keys of other forms are left out, as older nodes do. */
const IDENTIFIER = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

type Values = Readonly<Record<string, string>>;
type EnvVar = NonNullable<Container['env']>[number];
type EnvSource = NonNullable<EnvVar['valueFrom']>;

/**
 * Environment of a container from `envFrom` and `env`, later entries over earlier ones, on top of `base`. ConfigMaps
 * and Secrets are read now, as the kubelet does at every start.
 *
 * @throws ContainerConfigError when a reference that is not optional leads nowhere.
 */
export async function containerEnv(
  client: KubeClient,
  pod: Pod,
  container: Container,
  base: Values,
  nominal: { readonly podIp: string; readonly hostIp: string },
): Promise<Record<string, string>> {
  const namespace = pod.metadata?.namespace ?? '';
  const read = createReader(client, namespace);
  const env: Record<string, string> = { ...base };
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const reference = configMapRef ?? secretRef;
    if (!reference) continue;
    const values = await read(configMapRef ? 'configMaps' : 'secrets', reference.name, reference.optional === true);
    for (const [key, value] of Object.entries(values ?? {})) {
      if (IDENTIFIER.test(prefix + key)) env[prefix + key] = value;
    }
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    const resolved = valueFrom ? await resolveSource(valueFrom, name) : expandVariables(value ?? '', env);
    if (resolved !== undefined) env[name] = resolved;
  }
  return env;

  async function resolveSource(source: EnvSource, name: string): Promise<string | undefined> {
    const { configMapKeyRef, secretKeyRef, fieldRef } = source;
    if (fieldRef) return fieldValue(pod, fieldRef.fieldPath, nominal);
    const reference = configMapKeyRef ?? secretKeyRef;
    if (!reference) throw new ContainerConfigError(`env ${name}: this source is not supported on sandbox nodes`);
    const kind = configMapKeyRef ? 'configMaps' : 'secrets';
    const values = await read(kind, reference.name, reference.optional === true);
    const found = values?.[reference.key];
    if (found !== undefined || reference.optional) return found;
    throw new ContainerConfigError(
      `couldn't find key ${reference.key} in ${RESOURCES[kind].kind} ${namespace}/${reference.name}`,
    );
  }
}

function createReader(client: KubeClient, namespace: string) {
  const seen = new Map<string, Values | undefined>();
  return async (kind: 'configMaps' | 'secrets', name = '', isOptional: boolean): Promise<Values | undefined> => {
    const key = `${kind}/${name}`;
    if (!seen.has(key)) seen.set(key, await readValues(client, namespace, kind, name));
    const values = seen.get(key);
    if (!values && !isOptional)
      throw new ContainerConfigError(`${RESOURCES[kind].kind.toLowerCase()} "${name}" not found`);
    return values;
  };
}

async function readValues(
  client: KubeClient,
  namespace: string,
  kind: 'configMaps' | 'secrets',
  name: string,
): Promise<Values | undefined> {
  try {
    if (kind === 'configMaps') {
      return (await client.get<ConfigMap>({ resource: RESOURCES.configMaps, namespace, name })).data ?? {};
    }
    const { data = {} } = await client.get<Secret>({ resource: RESOURCES.secrets, namespace, name });
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
    );
  } catch (error) {
    if (hasCode(error, 404)) return undefined;
    throw new ContainerConfigError(`${kind} "${name}": ${error instanceof Error ? error.message : String(error)}`);
  }
}

function fieldValue(pod: Pod, path: string, nominal: { readonly podIp: string; readonly hostIp: string }): string {
  const { name, namespace, uid, labels, annotations } = pod.metadata ?? {};
  const keyed = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (keyed?.[2]) return (keyed[1] === 'labels' ? labels : annotations)?.[keyed[2]] ?? '';
  const fields: Readonly<Record<string, string | undefined>> = {
    'metadata.name': name,
    'metadata.namespace': namespace,
    'metadata.uid': uid,
    'spec.nodeName': pod.spec?.nodeName,
    'spec.serviceAccountName': pod.spec?.serviceAccountName ?? '',
    'status.podIP': nominal.podIp,
    'status.podIPs': nominal.podIp,
    'status.hostIP': nominal.hostIp,
    'status.hostIPs': nominal.hostIp,
  };
  const value = fields[path];
  if (value === undefined) throw new ContainerConfigError(`fieldRef ${path}: unsupported or unset field`);
  return value;
}

/** What a container's environment starts from: the image's own entries, and a folder to write to. */
export function imageEnv(image: LocalImage, pod: Pod, folder: string): Record<string, string> {
  const entries = (image.config.Env ?? []).flatMap((entry) => {
    const split = entry.indexOf('=');
    return split > 0 ? [[entry.slice(0, split), entry.slice(split + 1)] as const] : [];
  });
  return {
    HOME: folder,
    TMPDIR: folder,
    HOSTNAME: pod.metadata?.name ?? '',
    ...Object.fromEntries(entries),
    PATH: searchPath(image.config),
  };
}

/** What every sandbox container is told beyond its own configuration. */
export function contractEnv(pod: Pod, faultFile: string, ports: ReadonlyMap<number, number>): Record<string, string> {
  const [first] = ports.values();
  return {
    POD_NAME: pod.metadata?.name ?? '',
    POD_NAMESPACE: pod.metadata?.namespace ?? '',
    SANDBOX_FAULT_FILE: faultFile,
    ...(first === undefined ? {} : { PORT: String(first) }),
    ...Object.fromEntries([...ports].map(([port, real]) => [`PORT_${port}`, String(real)])),
  };
}
