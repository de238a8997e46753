import { CodedError } from '../../errors/coded-error.ts';
import { KINDS, type KindName, type KubernetesObject, type ObjectAddress } from './port.ts';

export function about(verb: string, address: ObjectAddress): { verb: string; object: string } {
  return { verb, object: `${address.kind} ${address.namespace}/${address.name}` };
}

export function addressOf(object: KubernetesObject): ObjectAddress {
  const { kind, metadata } = object;
  if (!isKind(kind)) throw new CodedError('InvalidInput', `${kind} ${metadata.name}: not a kind this client writes`);
  if (!metadata.namespace)
    throw new CodedError('InvalidInput', `${kind} ${metadata.name}: metadata.namespace is missing`);
  return { kind, namespace: metadata.namespace, name: metadata.name };
}

function isKind(kind: string): kind is KindName {
  return Object.hasOwn(KINDS, kind);
}

export function apiVersionOf(kind: KindName): string {
  const { group, version } = KINDS[kind];
  return group === '' ? version : `${group}/${version}`;
}

export function collectionPath(kind: KindName, namespace: string): string {
  const { group, version, plural } = KINDS[kind];
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
}

export function objectPath(address: ObjectAddress): string {
  return `${collectionPath(address.kind, address.namespace)}/${encodeURIComponent(address.name)}`;
}
