import { type Cause, duplicate, forbiddenField, notSupported, required } from '../api-error.ts';
import { containerCauses } from './container-causes.ts';
import { child, fallback, isObject, type JsonObject, listAt, numberAt, textAt } from '../json.ts';

const RESTART_POLICIES = ['Always', 'Never', 'OnFailure'];
/** In the order in which a server looks at them. */
const VOLUME_SOURCES = [
  'emptyDir',
  'hostPath',
  'secret',
  'nfs',
  'persistentVolumeClaim',
  'downwardAPI',
  'configMap',
  'projected',
  'csi',
];

/** Fills in what a real server fills in for the spec of a Pod or of a pod template. */
export function defaultPodSpec(spec: JsonObject): void {
  fallback(spec, 'restartPolicy', 'Always');
  fallback(spec, 'terminationGracePeriodSeconds', 30);
  fallback(spec, 'dnsPolicy', 'ClusterFirst');
  fallback(spec, 'schedulerName', 'default-scheduler');
  fallback(spec, 'securityContext', {});
  if (textAt(spec, 'serviceAccountName')) fallback(spec, 'serviceAccount', spec.serviceAccountName ?? null);
  for (const container of [...listAt(spec, 'initContainers'), ...listAt(spec, 'containers')])
    defaultContainer(container);
  for (const volume of listAt(spec, 'volumes')) defaultVolume(volume);
}

function defaultContainer(container: JsonObject): void {
  fallback(container, 'resources', {});
  fallback(container, 'terminationMessagePath', '/dev/termination-log');
  fallback(container, 'terminationMessagePolicy', 'File');
  fallback(container, 'imagePullPolicy', pullPolicyOf(textAt(container, 'image') ?? ''));
  for (const port of listAt(container, 'ports')) fallback(port, 'protocol', 'TCP');
  for (const variable of listAt(container, 'env')) {
    const reference = variable.valueFrom;
    if (isObject(reference) && isObject(reference.fieldRef)) fallback(reference.fieldRef, 'apiVersion', 'v1');
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = container[name];
    if (isObject(probe)) defaultProbe(probe);
  }
}

function pullPolicyOf(image: string): string {
  const lastPart = image.slice(image.lastIndexOf('/') + 1);
  if (image.includes('@')) return 'IfNotPresent';
  return !lastPart.includes(':') || lastPart.endsWith(':latest') ? 'Always' : 'IfNotPresent';
}

function defaultProbe(probe: JsonObject): void {
  fallback(probe, 'timeoutSeconds', 1);
  fallback(probe, 'periodSeconds', 10);
  fallback(probe, 'successThreshold', 1);
  fallback(probe, 'failureThreshold', 3);
  if (isObject(probe.httpGet)) {
    fallback(probe.httpGet, 'path', '/');
    fallback(probe.httpGet, 'scheme', 'HTTP');
  }
  if (isObject(probe.grpc)) fallback(probe.grpc, 'service', '');
}

function defaultVolume(volume: JsonObject): void {
  const sources = Object.keys(volume).filter((key) => key !== 'name');
  if (sources.length === 0) volume.emptyDir = {};
  for (const source of ['configMap', 'secret', 'projected', 'downwardAPI']) {
    const found = volume[source];
    if (isObject(found)) fallback(found, 'defaultMode', 420);
  }
  if (isObject(volume.hostPath)) fallback(volume.hostPath, 'type', '');
}

/** What a real server refuses in a pod spec, as far as a person typing YAML is likely to get it wrong. */
export function podSpecCauses(spec: JsonObject, field: string): Cause[] {
  const causes: Cause[] = [];
  const containers = listAt(spec, 'containers');
  if (containers.length === 0) causes.push(required(`${field}.containers`));
  const policy = textAt(spec, 'restartPolicy') ?? '';
  if (!RESTART_POLICIES.includes(policy)) causes.push(notSupported(`${field}.restartPolicy`, policy, RESTART_POLICIES));
  const volumes = new Set(listAt(spec, 'volumes').map((volume) => textAt(volume, 'name')));
  const seen = new Set<string>();
  for (const [index, container] of containers.entries()) {
    causes.push(...containerCauses(container, `${field}.containers[${index}]`, volumes));
    const name = textAt(container, 'name') ?? '';
    if (name && seen.has(name)) causes.push(duplicate(`${field}.containers[${index}].name`, name));
    seen.add(name);
  }
  for (const [index, container] of listAt(spec, 'initContainers').entries()) {
    causes.push(...containerCauses(container, `${field}.initContainers[${index}]`, volumes));
  }
  return [...causes, ...volumeCauses(spec, field)];
}

/** Volumes that name more than one source. */
function volumeCauses(spec: JsonObject, field: string): Cause[] {
  return listAt(spec, 'volumes').flatMap((volume, index) => {
    const [, ...more] = VOLUME_SOURCES.filter((source) => isObject(volume[source]));
    return more.map((source) =>
      forbiddenField(`${field}.volumes[${index}].${source}`, 'may not specify more than 1 volume type'),
    );
  });
}

/** What a server accepts and yet warns of. */
export function podSpecWarnings(spec: JsonObject, field: string): string[] {
  const isNegative = (numberAt(spec, 'terminationGracePeriodSeconds') ?? 0) < 0;
  if (!isNegative) return [];
  return [`${field}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`];
}

/** Defaults of `spec.template` of a workload. */
export function defaultTemplate(spec: JsonObject): void {
  defaultPodSpec(child(child(spec, 'template'), 'spec'));
}
