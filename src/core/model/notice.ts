/** What people are told beside the status: a notification, an incident. Each once, however often it is asked for. */

export const NOTICE_EVENTS = ['started', 'ended', 'restored'] as const;
export type NoticeEvent = (typeof NOTICE_EVENTS)[number];

export interface Notification {
  /** `<workflow id>/<run id>/<event>`: a second one with the same key is the same one. */
  readonly dedupeKey: string;
  readonly event: NoticeEvent;
  readonly workflowId: string;
  readonly environment: string;
  readonly service: string;
  /** `high`: somebody should look now. */
  readonly urgency: 'high' | 'low';
  readonly subject: string;
  readonly body: string;
  readonly atMs: number;
}

export interface Incident {
  readonly dedupeKey: string;
  readonly workflowId: string;
  readonly environment: string;
  readonly service: string;
  readonly severity: 'critical' | 'high';
  readonly title: string;
  readonly body: string;
  readonly openedAtMs: number;
}
