/** What tests of the RDS engine share. */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import {
  createRdsEngine,
  type RdsEngineOptions,
  type StartedRdsEngine,
} from '../../../../src/sandbox/aws/rds/engine/create-engine.ts';
import type { EngineProblem } from '../../../../src/sandbox/aws/rds/engine/servers.ts';
import { makeReachableFolder } from '../../../harness/postgres.ts';

export const MASTER = { masterUsername: 'boss', masterPassword: 'first-password' };

export interface EngineLab {
  readonly engine: StartedRdsEngine;
  readonly problems: readonly EngineProblem[];
  /** One statement as the superuser. */
  ask<Row extends pg.QueryResultRow>(resourceId: string, text: string, database?: string): Promise<Row[]>;
  /** A table of notes in a new database `crm`. */
  createNotes(resourceId: string, major: number, parameters?: Record<string, string>): Promise<void>;
  note(resourceId: string, text: string): Promise<void>;
  notes(resourceId: string): Promise<string[]>;
  close(): Promise<void>;
}

export async function openEngineLab(options: Partial<RdsEngineOptions> = {}): Promise<EngineLab> {
  const folder = await makeReachableFolder();
  const problems: EngineProblem[] = [];
  const onProblem = (problem: EngineProblem) => problems.push(problem);
  const engine = await createRdsEngine({ stateDir: join(folder, 'rds'), onProblem, ...options });
  const ask: EngineLab['ask'] = async (resourceId, text, database = 'crm') => {
    const client = new pg.Client({ connectionString: engine.adminUrl(resourceId, database) });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  };
  return {
    engine,
    problems,
    ask,
    createNotes: async (resourceId, major, parameters = {}) => {
      await engine.create({ ...specOf(resourceId, parameters), major, databaseName: 'crm' });
      await ask(resourceId, 'CREATE TABLE notes (id serial PRIMARY KEY, note text NOT NULL)');
    },
    note: async (resourceId, text) => void (await ask(resourceId, `INSERT INTO notes (note) VALUES ('${text}')`)),
    notes: async (resourceId) =>
      (await ask<{ note: string }>(resourceId, 'SELECT note FROM notes ORDER BY id, note')).map((row) => row.note),
    close: async () => {
      await engine.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function newId(kind: string): string {
  return `${kind}-${randomBytes(4).toString('hex')}`;
}

export function specOf(resourceId: string, parameters: Readonly<Record<string, string>> = {}) {
  return { resourceId, ...MASTER, parameters };
}

export interface Writer {
  /** How many commits it knows to stand. */
  commits(): number;
  end(): Promise<void>;
}

/**
 * Writes pairs as fast as it can: each commit has both sides of the next number, and changes an earlier row. Beside it
 * one checkpoint follows the other, so that a copy has pages from before and after several.
 */
export async function startWriter(url: string): Promise<Writer> {
  const [client, other] = await Promise.all([connect(url), connect(url)]);
  let commits = 0;
  let isOver = false;
  const writing = async () => {
    while (!isOver) {
      const n = commits + 1;
      await client.query(
        `BEGIN; INSERT INTO pairs VALUES ('left', ${n}, repeat('x', 500)); UPDATE pairs SET filler = 'y' WHERE n = ${n - 10};
         INSERT INTO pairs VALUES ('right', ${n}, repeat('x', 500)); COMMIT`,
      );
      commits = n;
    }
  };
  const flushing = async () => {
    while (!isOver) await other.query('CHECKPOINT');
  };
  const running = Promise.all([writing(), flushing()]);
  running.catch(() => undefined);
  return {
    commits: () => commits,
    end: async () => {
      isOver = true;
      try {
        await running;
      } finally {
        await Promise.all([client.end(), other.end()]);
      }
    },
  };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
