import { isDeepStrictEqual } from 'node:util';
import { type Cause, forbiddenField, invalidValue } from '../api-error.ts';
import {
  type ApiObject,
  child,
  fallback,
  type Json,
  type JsonObject,
  listAt,
  numberAt,
  objectAt,
  textAt,
} from '../json.ts';
import { AGE, column, NAME, since, wide } from './cells.ts';
import type { ResourceKind } from './kind.ts';
import { admitPodSpec, defaultRequests } from './pod-admission.ts';
import { emptyWhereAbsent, nullTimes } from './null-times.ts';
import { defaultPodSpec, podSpecCauses, podSpecWarnings } from './pod-spec.ts';

export const POD: ResourceKind = {
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  singular: 'pod',
  shortNames: ['po'],
  categories: ['all'],
  namespaced: true,
  subresources: ['status', 'log', 'binding'],
  model: 'V1Pod',
  counts: 'spec',
  returnsDeleted: true,
  columns: [
    NAME,
    column('Ready', readyText),
    column('Status', statusText),
    column('Restarts', restartsText),
    AGE,
    wide('IP', (object) => textAt(object, 'status', 'podIP') ?? '<none>'),
    wide('Node', (object) => textAt(object, 'spec', 'nodeName') ?? '<none>'),
    wide('Nominated Node', (object) => textAt(object, 'status', 'nominatedNodeName') ?? '<none>'),
    wide('Readiness Gates', () => '<none>'),
  ],
  fields: {
    'spec.nodeName': (object) => textAt(object, 'spec', 'nodeName') ?? '',
    'spec.restartPolicy': (object) => textAt(object, 'spec', 'restartPolicy') ?? '',
    'spec.schedulerName': (object) => textAt(object, 'spec', 'schedulerName') ?? '',
    'spec.serviceAccountName': (object) => textAt(object, 'spec', 'serviceAccountName') ?? '',
    'spec.hostNetwork': (object) => String(objectAt(object, 'spec').hostNetwork === true),
    'status.phase': (object) => textAt(object, 'status', 'phase') ?? '',
    'status.podIP': (object) => textAt(object, 'status', 'podIP') ?? '',
    'status.nominatedNodeName': (object) => textAt(object, 'status', 'nominatedNodeName') ?? '',
  },
  applyDefaults: (draft, old) => {
    const spec = child(draft, 'spec');
    defaultPodSpec(spec);
    defaultRequests(spec);
    if (!old) admitPodSpec(spec);
    defaultStatus(draft);
    if (spec.enableServiceLinks === undefined) spec.enableServiceLinks = true;
  },
  warnings: (draft) => podSpecWarnings(objectAt(draft, 'spec'), 'spec'),
  prepareCreate: (draft) => {
    draft.status = { phase: 'Pending', qosClass: qosOf(draft) };
  },
  validate: (draft, old) => [
    ...podSpecCauses(objectAt(draft, 'spec'), 'spec'),
    ...(old ? changeCauses(draft, old) : []),
  ],
};

function defaultStatus(draft: ApiObject): void {
  nullTimes(listAt(draft, 'status', 'conditions'), ['lastProbeTime', 'lastTransitionTime']);
  for (const list of ['containerStatuses', 'initContainerStatuses']) {
    emptyWhereAbsent(listAt(draft, 'status', list), 'lastState');
    emptyWhereAbsent(listAt(draft, 'status', list), 'state');
  }
  const podIp = textAt(draft, 'status', 'podIP');
  if (podIp) fallback(child(draft, 'status'), 'podIPs', [{ ip: podIp }]);
}

function qosOf(pod: ApiObject): string {
  const containers = [...listAt(pod, 'spec', 'containers'), ...listAt(pod, 'spec', 'initContainers')];
  const hasAny = (container: JsonObject): boolean =>
    ['limits', 'requests'].some((kind) => Object.keys(objectAt(container, 'resources', kind)).length > 0);
  if (!containers.some(hasAny)) return 'BestEffort';
  const isGuaranteed = containers.every((container) =>
    ['cpu', 'memory'].every((name) => {
      const limit = objectAt(container, 'resources', 'limits')[name];
      const request = objectAt(container, 'resources', 'requests')[name] ?? limit;
      return limit !== undefined && limit === request;
    }),
  );
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}

/** A Pod's spec is fixed but for these fields; a controller that edits more would fail on a real server. */
function changeCauses(draft: ApiObject, old: ApiObject): Cause[] {
  const [before, after] = [old, draft].map((pod) => numberAt(pod, 'spec', 'activeDeadlineSeconds'));
  const field = 'spec.activeDeadlineSeconds';
  if (before !== undefined && (after === undefined || after > before))
    return [invalidValue(field, after, 'must be less than or equal to previous value')];
  if (isDeepStrictEqual(fixedPart(draft), fixedPart(old))) return [];
  const allowed =
    '`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` ' +
    '(only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';
  return [forbiddenField('spec', `pod updates may not change fields other than ${allowed}`)];
}

function fixedPart(pod: ApiObject): Json {
  const withoutImage = (container: JsonObject): JsonObject => ({ ...container, image: null });
  const spec = objectAt(pod, 'spec');
  return {
    ...spec,
    containers: listAt(spec, 'containers').map(withoutImage),
    initContainers: listAt(spec, 'initContainers').map(withoutImage),
    activeDeadlineSeconds: null,
    tolerations: null,
  };
}

function statuses(pod: ApiObject): JsonObject[] {
  return listAt(pod, 'status', 'containerStatuses');
}

function readyText(pod: ApiObject): string {
  const ready = statuses(pod).filter((status) => status.ready === true).length;
  return `${ready}/${listAt(pod, 'spec', 'containers').length}`;
}

function restartsText(pod: ApiObject, nowMs: number): string {
  const restarts = statuses(pod).reduce((sum, status) => sum + (numberAt(status, 'restartCount') ?? 0), 0);
  const ends = statuses(pod).map((status) => Date.parse(textAt(status, 'lastState', 'terminated', 'finishedAt') ?? ''));
  const latest = Math.max(...ends.filter((end) => !Number.isNaN(end)));
  if (restarts === 0 || !Number.isFinite(latest)) return String(restarts);
  return `${restarts} (${since(new Date(latest).toISOString(), nowMs)} ago)`;
}

/** The one word kubectl shows: the reason of a container that does not run says more than the phase. */
function statusText(pod: ApiObject): string {
  const phase = textAt(pod, 'status', 'reason') ?? textAt(pod, 'status', 'phase') ?? 'Unknown';
  if (pod.metadata.deletionTimestamp) return 'Terminating';
  let text = phase;
  let hasRunning = false;
  for (const status of [...statuses(pod)].reverse()) {
    const waiting = textAt(status, 'state', 'waiting', 'reason');
    const ended = objectAt(status, 'state', 'terminated');
    if (waiting) text = waiting;
    else if (textAt(ended, 'reason')) text = textAt(ended, 'reason') ?? text;
    else if (numberAt(ended, 'signal')) text = `Signal:${String(ended.signal)}`;
    else if (Object.keys(ended).length > 0) text = `ExitCode:${String(ended.exitCode)}`;
    else if (status.ready === true && objectAt(status, 'state').running !== undefined) hasRunning = true;
  }
  if (text === 'Completed' && hasRunning) return isReady(pod) ? 'Running' : 'NotReady';
  return text;
}

function isReady(pod: ApiObject): boolean {
  return listAt(pod, 'status', 'conditions').some((item) => item.type === 'Ready' && item.status === 'True');
}
