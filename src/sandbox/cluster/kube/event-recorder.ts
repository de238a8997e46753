import { randomBytes } from 'node:crypto';
import { hasCode, type KubeClient } from './kube-client.ts';
import { type KubeObject, RESOURCES, timestamp } from './objects.ts';

/** Different events remembered, so that a repetition raises a count instead of making a new object. */
const REMEMBERED = 500;

/** Writes what `kubectl describe` and `kubectl get events` show. Never throws and never waits. */
export type RecordEvent = (subject: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string) => void;

export interface EventSource {
  readonly component: string;
  readonly host?: string;
}

/**
 * Records Events on behalf of a component. An Event that cannot be written is lost, as everywhere: it is an aid to
 * people, no part of the state.
 */
export function createEventRecorder(client: KubeClient, source: EventSource): RecordEvent {
  const known = new Map<string, Promise<{ name: string; count: number }>>();

  async function create(
    subject: KubeObject,
    type: string,
    reason: string,
    message: string,
    name: string,
  ): Promise<void> {
    const { metadata = {} } = subject;
    const now = timestamp(Date.now());
    const namespace = metadata.namespace ?? 'default';
    await client.create(
      { resource: RESOURCES.events, namespace },
      {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name, namespace },
        involvedObject: {
          apiVersion: subject.apiVersion,
          kind: subject.kind,
          name: metadata.name,
          namespace: metadata.namespace,
          uid: metadata.uid,
          resourceVersion: metadata.resourceVersion,
        },
        type,
        reason,
        message: message.slice(0, 1024),
        source,
        reportingComponent: source.component,
        reportingInstance: source.host ?? source.component,
        firstTimestamp: now,
        lastTimestamp: now,
        count: 1,
      },
    );
  }

  async function repeat(namespace: string, name: string, count: number): Promise<boolean> {
    try {
      const change = { count, lastTimestamp: timestamp(Date.now()) };
      await client.mergePatch({ resource: RESOURCES.events, namespace, name }, change);
      return true;
    } catch (error) {
      // Removed in between, with its namespace or by a person.
      return !hasCode(error, 404);
    }
  }

  return (subject, type, reason, message) => {
    const { uid, name: subjectName, namespace = 'default' } = subject.metadata ?? {};
    const key = [uid, reason, message].join('\n');
    const before = known.get(key);
    const record = async (): Promise<{ name: string; count: number }> => {
      const last = await before;
      if (last && (await repeat(namespace, last.name, last.count + 1))) return { ...last, count: last.count + 1 };
      const name = `${subjectName}.${randomBytes(8).toString('hex')}`;
      await create(subject, type, reason, message, name);
      return { name, count: 1 };
    };
    const recorded = record();
    known.delete(key);
    known.set(key, recorded);
    recorded.catch(() => {
      if (known.get(key) === recorded) known.delete(key);
    });
    const [oldest] = known.keys();
    if (known.size > REMEMBERED && oldest !== undefined) known.delete(oldest);
  };
}
