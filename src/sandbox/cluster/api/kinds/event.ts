import { type ApiObject, numberAt, textAt } from '../json.ts';
import { column, NAME, since, wide } from './cells.ts';
import type { ResourceKind } from './kind.ts';

export const EVENT: ResourceKind = {
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  singular: 'event',
  shortNames: ['ev'],
  namespaced: true,
  model: 'CoreV1Event',
  createsOnUpdate: true,
  columns: [
    column('Last Seen', (object, nowMs) => since(lastSeen(object), nowMs)),
    column('Type', (object) => textAt(object, 'type') ?? ''),
    column('Reason', (object) => textAt(object, 'reason') ?? ''),
    column('Object', involved),
    wide('Subobject', (object) => textAt(object, 'involvedObject', 'fieldPath') ?? ''),
    wide('Source', (object) => textAt(object, 'source', 'component') ?? textAt(object, 'reportingComponent') ?? ''),
    column('Message', (object) => (textAt(object, 'message') ?? '').trim()),
    wide('First Seen', (object, nowMs) => since(textAt(object, 'firstTimestamp') ?? lastSeen(object), nowMs)),
    wide('Count', (object) => numberAt(object, 'series', 'count') ?? numberAt(object, 'count') ?? 1),
    { ...NAME, wide: true },
  ],
  applyDefaults: (draft) => {
    draft.eventTime ??= null;
    draft.reportingComponent ??= '';
    draft.reportingInstance ??= '';
  },
  fields: {
    'involvedObject.kind': (object) => textAt(object, 'involvedObject', 'kind') ?? '',
    'involvedObject.namespace': (object) => textAt(object, 'involvedObject', 'namespace') ?? '',
    'involvedObject.name': (object) => textAt(object, 'involvedObject', 'name') ?? '',
    'involvedObject.uid': (object) => textAt(object, 'involvedObject', 'uid') ?? '',
    'involvedObject.apiVersion': (object) => textAt(object, 'involvedObject', 'apiVersion') ?? '',
    'involvedObject.resourceVersion': (object) => textAt(object, 'involvedObject', 'resourceVersion') ?? '',
    'involvedObject.fieldPath': (object) => textAt(object, 'involvedObject', 'fieldPath') ?? '',
    reason: (object) => textAt(object, 'reason') ?? '',
    reportingComponent: (object) => textAt(object, 'reportingComponent') ?? '',
    source: (object) => textAt(object, 'source', 'component') ?? textAt(object, 'reportingComponent') ?? '',
    type: (object) => textAt(object, 'type') ?? '',
  },
};

/** When the thing an Event tells of happened last. */
export function lastSeen(object: ApiObject): string | undefined {
  return (
    textAt(object, 'series', 'lastObservedTime') ??
    textAt(object, 'lastTimestamp') ??
    textAt(object, 'eventTime') ??
    object.metadata.creationTimestamp
  );
}

function involved(object: ApiObject): string {
  const kind = (textAt(object, 'involvedObject', 'kind') ?? '').toLowerCase();
  const name = textAt(object, 'involvedObject', 'name') ?? '';
  return kind ? `${kind}/${name}` : name;
}
