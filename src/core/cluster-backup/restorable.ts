/** From an object as a server shows it to one that can be applied to an empty cluster. */

/** An object of any kind, as JSON. */
export interface PlainObject {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly metadata: PlainMeta;
  readonly [field: string]: unknown;
}
export interface PlainMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly { readonly kind: string; readonly name: string; readonly controller?: boolean }[];
  readonly deletionTimestamp?: string;
  readonly [field: string]: unknown;
}

type Fields = Readonly<Record<string, unknown>>;

/** Given by the server, or of this one incarnation; ownerReferences carry uids that no other cluster knows. */
const SERVER_META = [
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'managedFields',
  'selfLink',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'ownerReferences',
  'generateName',
];
/** `last-applied` repeats the whole object, of a Secret with its values. */
const SERVER_ANNOTATIONS =
  /^(kubectl\.kubernetes\.io\/(last-applied-configuration|restartedAt)|deployment\.kubernetes\.io\/|deprecated\.daemonset\.template\.generation|control-plane\.alpha\.kubernetes\.io\/leader|pv\.kubernetes\.io\/|volume\.(beta\.)?kubernetes\.io\/(storage-provisioner|selected-node))/;
/** Put back by the server itself; any other finalizer belongs to the team. */
const SERVER_FINALIZER = /^(kubernetes|kubernetes\.io\/.*|foregroundDeletion|orphan)$/;

/** Why an object is not copied; undefined when it is. */
export function whyLeftOut({ kind, metadata, ...rest }: PlainObject): string | undefined {
  const controller = metadata.ownerReferences?.find((owner) => owner.controller === true);
  if (metadata.deletionTimestamp !== undefined) return 'it is being deleted';
  if (controller) return `${controller.kind} ${controller.name} makes it`;
  const { labels = {}, name } = metadata;
  if (labels['app.kubernetes.io/managed-by'] === 'mainstay') return 'it belongs to a release that was under way';
  if (kind === 'ConfigMap' && /^(kube-root-ca\.crt|istio-ca-root-cert)$/.test(name)) return 'the cluster makes it';
  if (kind === 'ServiceAccount' && name === 'default') return 'the cluster makes it';
  if (kind === 'Secret' && rest.type === 'kubernetes.io/service-account-token') return 'the cluster makes it';
  if (kind === 'Service' && name === 'kubernetes' && metadata.namespace === 'default') return 'the cluster makes it';
  return undefined;
}

/**
 * Without status and without what the server gave: identity, versions, addresses, ports of nodes, bound volumes. A
 * headless Service stays headless. `apiVersion` and `kind` are those of the kind: items of a list carry none.
 */
export function restorable(object: PlainObject, apiVersion: string): PlainObject {
  const { status: _status, metadata, ...rest } = object;
  return { ...rest, apiVersion, kind: object.kind, metadata: cleanMeta(metadata), ...cleanSpec(object) };
}

function cleanMeta(metadata: PlainMeta): PlainMeta {
  const kept = Object.fromEntries(Object.entries(metadata).filter(([field]) => !SERVER_META.includes(field)));
  const { annotations: _annotations, finalizers: _finalizers, ...plain } = kept;
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([name]) => !SERVER_ANNOTATIONS.test(name));
  const finalizers = listOf(metadata.finalizers).filter((name) => !SERVER_FINALIZER.test(String(name)));
  return {
    ...plain,
    name: metadata.name,
    ...(annotations.length > 0 ? { annotations: Object.fromEntries(annotations) } : {}),
    ...(finalizers.length > 0 ? { finalizers } : {}),
  };
}

function cleanSpec({ kind, spec, secrets }: PlainObject): Fields {
  switch (kind) {
    case 'Namespace':
      return isFields(spec) ? { spec: without(spec, ['finalizers']) } : {};
    case 'Service':
      return isFields(spec) ? { spec: cleanService(spec) } : {};
    case 'PersistentVolumeClaim':
      return isFields(spec) ? { spec: without(spec, ['volumeName']) } : {};
    case 'ServiceAccount':
      return {
        secrets: listOf(secrets).filter((each) => !/-token-[a-z0-9]{5}$/.test(isFields(each) ? String(each.name) : '')),
      };
    default:
      return {};
  }
}

function cleanService(spec: Fields): Fields {
  const kept = without(spec, ['clusterIP', 'clusterIPs', 'healthCheckNodePort', 'ipFamilies']);
  const ports = listOf(spec.ports).map((port) => (isFields(port) ? without(port, ['nodePort']) : port));
  return {
    ...kept,
    ...(spec.clusterIP === 'None' ? { clusterIP: 'None' } : {}),
    ...(ports.length > 0 ? { ports } : {}),
  };
}

function without(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
