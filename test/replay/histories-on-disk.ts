import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('./histories', import.meta.url));

export interface RecordedEvent {
  readonly eventId: string;
  readonly eventType: string;
  readonly workflowExecutionStartedEventAttributes?: {
    readonly workflowId?: string;
    readonly originalExecutionRunId?: string;
    readonly workflowType?: { readonly name?: string };
  };
  readonly activityTaskScheduledEventAttributes?: { activityType: { name: string } };
}

/** A recorded history as proto JSON, as `temporal workflow show -o json` prints it. */
export interface RecordedHistory {
  /** `v1/deployService/promoted` */
  readonly name: string;
  readonly version: string;
  readonly type: string;
  readonly history: { readonly events: readonly RecordedEvent[] };
}

export function recordedHistories(): RecordedHistory[] {
  const paths = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.json'));
  return paths.sort().map((path) => {
    const name = relative('.', path)
      .split(sep)
      .join('/')
      .replace(/\.json$/, '');
    const [version = '', type = ''] = name.split('/');
    const history = JSON.parse(readFileSync(join(FOLDER, path), 'utf8')) as RecordedHistory['history'];
    return { name, version, type, history };
  });
}

/** The ids that the workflow ran under; workflows read them, so a replay needs them. */
export function idsOf({ name, history }: RecordedHistory): { readonly workflowId: string; readonly runId: string } {
  const started = history.events[0]?.workflowExecutionStartedEventAttributes;
  const { workflowId, originalExecutionRunId: runId } = started ?? {};
  if (workflowId === undefined || runId === undefined) throw new Error(`${name}: its first event names no ids`);
  return { workflowId, runId };
}
