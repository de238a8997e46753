/** A schedule as the catalogue wants it, and as the server keeps it: the same shape, so that both can be compared. */
import type { OverlapName } from '../model/catalogue-database.ts';
import type { CalendarPlan } from './cron.ts';

export interface SchedulePlan {
  /** `mainstay/backup/production/crm` */
  readonly id: string;
  readonly workflowType: string;
  /** Begin of the ids of what it starts; the server adds the time. */
  readonly workflowId: string;
  readonly taskQueue: string;
  readonly args: readonly unknown[];
  readonly calendars: readonly CalendarPlan[];
  readonly everyMs?: number;
  readonly timeZone: string;
  readonly jitterMs: number;
  readonly overlap: OverlapName;
  readonly catchUpMs: number;
  /** Left out where the catalogue does not say: then a person's pause is left as it is. */
  readonly paused?: boolean;
}

/** In the memo of each schedule that we make. `owner` tells several catalogues in one namespace apart. */
export interface ScheduleMark {
  readonly managedBy: 'mainstay';
  readonly owner: string;
}

export interface ObservedSchedule {
  readonly id: string;
  /** Undefined: somebody else's, never touched. */
  readonly mark?: ScheduleMark;
  /** Undefined where it does something that no plan of ours does. */
  readonly plan?: SchedulePlan & { readonly paused: boolean };
}
