/** Follows an operation to its end. Ctrl-C leaves the view; nothing here can end the operation. */
import type { WantedBuild } from '../../core/workers/assess-workers.ts';
import { quote } from '../../core/status/possible-actions.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import type { Session } from '../session.ts';
import type { Screen } from '../view/screen.ts';
import { wantedBuild, type WorkerPresence, workerPresence } from '../worker-presence.ts';
import { askStatus, observeOperation } from './observe-operation.ts';
import type { OperationView } from './operation-view.ts';
import { exitOfView, readEnd } from './read-end.ts';

const LOOK_EVERY_MS = 1_000;
const WORKER_ASKED_EVERY_MS = 15_000;
/** After a query that nobody answered, the memo alone is shown for a while. */
const SILENT_MS = 10_000;
/** A server that is away while we follow: the operation goes on there, so we try again for a while. */
const AWAY_FOR_MS = 60_000;

/** Returns the exit code: of the outcome, or of a detached view. */
export async function followOperation(
  session: Session,
  operation: { readonly workflowId: string; readonly runId?: string },
  screen: Screen,
): Promise<number> {
  const leaving = new Leaving();
  try {
    const view = await followUntilEnd(session, operation, screen, leaving);
    if (!view) {
      for (const line of howToComeBack(operation.workflowId)) screen.say(line);
      return EXIT_CODES.detached.code;
    }
    screen.end(view);
    return EXIT_CODES[exitOfView(view)].code;
  } finally {
    leaving.dispose();
  }
}

async function followUntilEnd(
  session: Session,
  { workflowId, runId }: { readonly workflowId: string; readonly runId?: string },
  screen: Screen,
  leaving: Leaving,
): Promise<OperationView | undefined> {
  const worker = new WorkerWatch(session);
  const asked = new StatusOncePerPhase(session);
  let reachedAtMs = Date.now();
  while (!leaving.isAsked) {
    try {
      const seen = await observeOperation(session, workflowId, runId);
      reachedAtMs = seen.atMs;
      if (!seen.isRunning) {
        return await readEnd(session, seen);
      }
      const presence = await worker.presence(wantedBuild(seen));
      const view = await asked.complete({ ...seen, worker: presence }, presence.polls);
      screen.show(view);
    } catch (error) {
      if (Date.now() - reachedAtMs > AWAY_FOR_MS) throw error;
      if (!isAway(error)) throw error;
      screen.say(`${error.message}; trying again`);
    }
    await leaving.orAfter(LOOK_EVERY_MS);
  }
  return undefined;
}

function isAway(error: unknown): error is Error {
  return error instanceof Error && 'exit' in error && error.exit === 'unavailable';
}

export function howToComeBack(workflowId: string): readonly string[] {
  const id = quote(workflowId);
  return [
    '',
    `Left the view of ${workflowId}; the operation goes on.`,
    `  come back   mainstay status --id ${id} --watch`,
    `  end it      mainstay abort --id ${id} --by "$USER" --reason "..."`,
  ];
}

/** A query costs an action: it is asked when phase, step or weight have changed, not at every look. */
class StatusOncePerPhase {
  readonly #session: Session;
  #key = '';
  #status: OperationView['status'];
  #silentUntilMs = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  async complete(view: OperationView, hasWorker: boolean): Promise<OperationView> {
    const { memo } = view;
    const key = `${view.isRunning}/${memo?.phase}/${memo?.step}/${memo?.what}`;
    if (key !== this.#key && hasWorker && Date.now() >= this.#silentUntilMs) {
      this.#status = await askStatus(this.#session, view.workflowId, view.runId);
      if (this.#status) this.#key = key;
      else this.#silentUntilMs = Date.now() + SILENT_MS;
    }
    if (key !== this.#key) return view; // an answer of an earlier phase would tell yesterday's news
    return this.#status ? { ...view, status: this.#status } : view;
  }
}

class WorkerWatch {
  readonly #session: Session;
  #askedAtMs = 0;
  #presence: WorkerPresence = { polls: true, text: 'not asked yet', advice: '' };

  constructor(session: Session) {
    this.#session = session;
  }

  async presence(wanted: WantedBuild): Promise<WorkerPresence> {
    if (Date.now() - this.#askedAtMs > WORKER_ASKED_EVERY_MS) {
      const presence = await workerPresence(this.#session, wanted);
      this.#presence = presence.polls ? presence : { ...presence, text: `${presence.text}; ${presence.advice}` };
      this.#askedAtMs = Date.now();
    }
    return this.#presence;
  }
}

/** Ctrl-C (or SIGTERM) asks to leave: the current look is finished, then the view ends. */
class Leaving {
  isAsked = false;
  #wake: (() => void) | undefined;
  readonly #ask = (): void => {
    this.isAsked = true;
    this.#wake?.();
  };

  constructor() {
    process.on('SIGINT', this.#ask);
    process.on('SIGTERM', this.#ask);
  }

  async orAfter(ms: number): Promise<void> {
    if (this.isAsked) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  dispose(): void {
    process.off('SIGINT', this.#ask);
    process.off('SIGTERM', this.#ask);
  }
}
