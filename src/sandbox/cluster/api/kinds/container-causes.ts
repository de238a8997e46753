import {
  absentValue,
  type Cause,
  duplicate,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../api-error.ts';
import { isObject, type JsonObject, listAt, numberAt, objectAt, textAt } from '../json.ts';
import { quantityOf } from '../quantity.ts';

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];
/** In the order in which a server looks at them: the second one it meets is one too many. */
const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc'];

/** What a real server refuses in a container. `volumes` are the names of those of the pod. */
export function containerCauses(
  container: JsonObject,
  field: string,
  volumes: ReadonlySet<string | undefined>,
): Cause[] {
  const causes: Cause[] = [];
  const name = textAt(container, 'name');
  if (!name) causes.push(required(`${field}.name`));
  else if (!DNS_LABEL.test(name)) causes.push(invalidValue(`${field}.name`, name, labelRule));
  if (!textAt(container, 'image')) causes.push(required(`${field}.image`));
  const policy = textAt(container, 'imagePullPolicy');
  if (policy !== undefined && !PULL_POLICIES.includes(policy))
    causes.push(notSupported(`${field}.imagePullPolicy`, policy, PULL_POLICIES));
  for (const [index, variable] of listAt(container, 'env').entries()) {
    if (!textAt(variable, 'name')) causes.push(required(`${field}.env[${index}].name`));
    if (textAt(variable, 'value') && isObject(variable.valueFrom))
      causes.push(
        invalidValue(`${field}.env[${index}].valueFrom`, '', 'may not be specified when `value` is not empty'),
      );
  }
  for (const [index, mount] of listAt(container, 'volumeMounts').entries()) {
    const at = `${field}.volumeMounts[${index}]`;
    if (!textAt(mount, 'mountPath')) causes.push(required(`${at}.mountPath`));
    if (!volumes.has(textAt(mount, 'name'))) causes.push(absentValue(`${at}.name`, mount.name));
  }
  causes.push(...portCauses(listAt(container, 'ports'), `${field}.ports`));
  causes.push(...resourceCauses(objectAt(container, 'resources'), `${field}.resources`));
  for (const key of ['livenessProbe', 'readinessProbe', 'startupProbe'])
    causes.push(...probeCauses(container[key], key, `${field}.${key}`));
  return causes;
}

function portCauses(ports: readonly JsonObject[], field: string): Cause[] {
  const causes: Cause[] = [];
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const at = `${field}[${index}]`;
    const name = textAt(port, 'name');
    if (name && names.has(name)) causes.push(duplicate(`${at}.name`, name));
    if (name) names.add(name);
    const number = numberAt(port, 'containerPort') ?? 0;
    if (number === 0) causes.push(required(`${at}.containerPort`));
    else if (number < 1 || number > 65_535)
      causes.push(invalidValue(`${at}.containerPort`, number, 'must be between 1 and 65535, inclusive'));
    const protocol = textAt(port, 'protocol') ?? 'TCP';
    if (!PROTOCOLS.includes(protocol)) causes.push(notSupported(`${at}.protocol`, protocol, PROTOCOLS));
  }
  return causes;
}

function resourceCauses(resources: JsonObject, field: string): Cause[] {
  return Object.entries(objectAt(resources, 'requests')).flatMap(([name, request]) => {
    const limit = objectAt(resources, 'limits')[name];
    if (typeof request !== 'string' || typeof limit !== 'string') return [];
    if ((quantityOf(request) ?? 0) <= (quantityOf(limit) ?? 0)) return [];
    return [invalidValue(`${field}.requests`, request, `must be less than or equal to ${name} limit of ${limit}`)];
  });
}

function probeCauses(probe: unknown, key: string, field: string): Cause[] {
  if (!isObject(probe)) return [];
  const [first, ...more] = HANDLERS.filter((handler) => isObject(probe[handler]));
  if (first === undefined) return [required(field, 'must specify a handler type')];
  const causes = more.map((handler) =>
    forbiddenField(`${field}.${handler}`, 'may not specify more than 1 handler type'),
  );
  for (const name of ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'failureThreshold'])
    if ((numberAt(probe, name) ?? 0) < 0)
      causes.push(invalidValue(`${field}.${name}`, probe[name], 'must be greater than or equal to 0'));
  if (key !== 'readinessProbe' && (numberAt(probe, 'successThreshold') ?? 1) !== 1)
    causes.push(invalidValue(`${field}.successThreshold`, probe.successThreshold, 'must be 1'));
  return causes;
}

const labelRule =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', " +
  'and must start and end with an alphanumeric character';
