import { type Cause, invalidValue, notSupported, required } from '../api-error.ts';
import { child, fallback, isObject, type JsonObject, listAt, numberAt, textAt } from '../json.ts';

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const RESTART_POLICIES = ['Always', 'Never', 'OnFailure'];

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
  const grace = numberAt(spec, 'terminationGracePeriodSeconds') ?? 0;
  if (grace < 0)
    causes.push(invalidValue(`${field}.terminationGracePeriodSeconds`, grace, 'must be greater than or equal to 0'));
  const volumes = new Set(listAt(spec, 'volumes').map((volume) => textAt(volume, 'name')));
  const seen = new Set<string>();
  for (const [index, container] of containers.entries()) {
    causes.push(...containerCauses(container, `${field}.containers[${index}]`, volumes));
    const name = textAt(container, 'name') ?? '';
    if (seen.has(name)) causes.push(duplicate(`${field}.containers[${index}].name`, name));
    seen.add(name);
  }
  for (const [index, container] of listAt(spec, 'initContainers').entries()) {
    causes.push(...containerCauses(container, `${field}.initContainers[${index}]`, volumes));
  }
  return causes;
}

function duplicate(field: string, value: string): Cause {
  return invalidValue(field, value, 'must be unique');
}

function containerCauses(container: JsonObject, field: string, volumes: ReadonlySet<string | undefined>): Cause[] {
  const causes: Cause[] = [];
  const name = textAt(container, 'name');
  if (!name) causes.push(required(`${field}.name`));
  else if (!DNS_LABEL.test(name)) causes.push(invalidValue(`${field}.name`, name, labelRule));
  if (!textAt(container, 'image')) causes.push(required(`${field}.image`));
  for (const [index, port] of listAt(container, 'ports').entries()) {
    const number = numberAt(port, 'containerPort');
    if (number === undefined) causes.push(required(`${field}.ports[${index}].containerPort`));
    else if (number < 1 || number > 65_535)
      causes.push(
        invalidValue(`${field}.ports[${index}].containerPort`, number, 'must be between 1 and 65535, inclusive'),
      );
  }
  for (const [index, variable] of listAt(container, 'env').entries()) {
    if (!textAt(variable, 'name')) causes.push(required(`${field}.env[${index}].name`));
    if (textAt(variable, 'value') && isObject(variable.valueFrom))
      causes.push(
        invalidValue(`${field}.env[${index}].valueFrom`, '', 'may not be specified when `value` is not empty'),
      );
  }
  for (const [index, mount] of listAt(container, 'volumeMounts').entries()) {
    if (!textAt(mount, 'mountPath')) causes.push(required(`${field}.volumeMounts[${index}].mountPath`));
    if (!volumes.has(textAt(mount, 'name')))
      causes.push(invalidValue(`${field}.volumeMounts[${index}].name`, mount.name, 'not found in spec.volumes'));
  }
  causes.push(
    ...['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((key) => probeCauses(container, key, field)),
  );
  return causes;
}

function probeCauses(container: JsonObject, key: string, field: string): Cause[] {
  const probe = container[key];
  if (!isObject(probe)) return [];
  const handlers = ['httpGet', 'tcpSocket', 'exec', 'grpc'].filter((handler) => isObject(probe[handler]));
  const at = `${field}.${key}`;
  if (handlers.length === 0) return [required(at, 'must specify a handler type')];
  if (handlers.length > 1) return [invalidValue(at, handlers, 'may not specify more than 1 handler type')];
  const numbers = ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'failureThreshold'];
  return numbers
    .filter((name) => (numberAt(probe, name) ?? 0) < 0)
    .map((name) => invalidValue(`${at}.${name}`, probe[name], 'must be greater than or equal to 0'));
}

const labelRule =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', " +
  'and must start and end with an alphanumeric character';

/** Defaults of `spec.template` of a workload. */
export function defaultTemplate(spec: JsonObject): void {
  defaultPodSpec(child(child(spec, 'template'), 'spec'));
}
