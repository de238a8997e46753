/** What a known-bad copy is: how it is made, and which check must name which object. */
import { join } from 'node:path';
import type { CheckKind, ClosedRange } from '../../../src/core/model/restore.ts';
import { openPages, type PageFile } from '../harness/page.ts';

/** The classes of the issue and of the requirements; the matrix of `npm run bench:restore` is grouped by them. */
export const FAULT_CLASSES = [
  'heap page damaged',
  'heap page zeroed or lost',
  'TOAST damaged',
  'index damaged',
  'index incomplete',
  'duplicate under a unique index',
  'invalid index',
  'rows lost',
  'rows added',
  'value altered',
  'orphaned foreign key',
  'sequence behind',
  'stale data',
  'schema changed',
  'access changed',
  'extension',
  'collation',
  'statistics gone',
  'wrong database',
  'wrong settings',
  'not isolated',
] as const;
export type FaultClass = (typeof FAULT_CLASSES)[number];

export interface Combination {
  readonly major: number;
  readonly checksums: boolean;
}

/** `noisy`: bytes change and the page's checksum does not, as a bad disk does it. */
export type Mode = 'silent' | 'noisy';

/** A relation of the source, as it lay when the source was stopped. */
export interface RelationFacts {
  readonly oid: number;
  /** Below the data directory. */
  readonly path: string;
  /** `pg_toast.pg_toast_16400` and its index, where there is one. */
  readonly toast?: string;
  readonly toastIndex?: string;
}
export type Facts = ReadonlyMap<string, RelationFacts>;

/** A stopped copy. */
export interface AtRest {
  readonly data: string;
  readonly facts: Facts;
  readonly mode: Mode;
  /** Pages of a relation by name, `harm.orders`; with `fork`, of its visibility map (`_vm`). */
  pages(relation: string, fork?: '' | '_vm'): Promise<PageFile>;
  path(relation: string): string;
}

/** One check that may tell of the fault: it must have failed, and say the text in its object or its words. */
export interface Expectation {
  /** Any of these kinds. */
  readonly kinds: readonly CheckKind[];
  /** Text in object or words; the fault's name where left out. */
  readonly names?: string;
  readonly state?: 'fail' | 'unproven' | 'warn';
}

export interface Fault {
  /** Its objects are called like it, so that a check that names them names the fault: lower case, `_`. */
  readonly name: string;
  readonly class: FaultClass;
  /** Makes the healthy objects, in the source. */
  readonly setup?: readonly string[];
  /** Table `harm.<name>` whole where left out. */
  readonly closed?: readonly ClosedRange[];
  readonly atRest?: (copy: AtRest) => Promise<void>;
  /** As the superuser, in the started copy, before it is prepared. */
  readonly sql?: readonly string[];
  /** The same, after it was prepared. */
  readonly afterwards?: readonly string[];
  /** Each must be met; where one has several kinds, any of them. */
  readonly expects: readonly Expectation[] | ((facts: Facts, combination: Combination) => readonly Expectation[]);
  readonly majors?: readonly number[];
  /** Other texts that a check may name it by. */
  readonly also?: readonly string[];
  /** Why it is not found there: asserted, so that the table stays true. */
  readonly missed?: (combination: Combination) => string | undefined;
  /** In a copy of its own, because it concerns the whole database. */
  readonly isAlone?: boolean;
  /** What is looked at instead of a copy of the source. */
  readonly from?: CopyOrigin;
  /** Settings of the server that differ from the source's. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * `earlier`: the source as it was before its last writes and its manifest. `other cluster`: the same schema and rows in a
 * server of another birth. `sibling`: another database of the right server.
 */
export type CopyOrigin = 'source' | 'earlier' | 'other cluster' | 'sibling';

export const isAbout = (fault: Fault, major: number): boolean => fault.majors?.includes(major) ?? true;

export const isOnDisk = ({ atRest }: Fault): boolean => atRest !== undefined;

/** What must be closed in the source so that the fault can be told from writing that went on. */
export const closedBy = (fault: Fault): readonly ClosedRange[] =>
  fault.closed ?? (fault.setup ? [{ schema: 'harm', table: fault.name }] : []);

/** `rows` rows in `harm.<name>`, with a value that can be found in the page: `<name>-mark-<id>`. */
export function flatTable(name: string, rows = 1000): readonly string[] {
  return [
    `CREATE TABLE harm.${name} (id bigint PRIMARY KEY, label text NOT NULL, amount numeric(12,2) NOT NULL,
       at timestamptz NOT NULL)`,
    `INSERT INTO harm.${name} SELECT g, '${name}-mark-' || g, g * 1.01, '2026-01-01Z'::timestamptz + g * interval '1 minute'
       FROM generate_series(1, ${rows}) g`,
  ];
}

export function copyAtRest(data: string, facts: Facts, mode: Mode): AtRest {
  const path = (relation: string) => {
    const found = facts.get(relation);
    if (!found) throw new Error(`expected relation ${relation} in the source, found ${[...facts.keys()].join(', ')}`);
    return join(data, found.path);
  };
  return {
    data,
    facts,
    mode,
    path,
    pages: (relation, fork = '') => openPages(`${path(relation)}${fork}`, mode === 'silent'),
  };
}

/** Changes one page of a relation. */
export async function alterPage(file: PageFile, block: number, change: (page: Buffer) => unknown): Promise<void> {
  const page = await file.read(block);
  const before = Buffer.from(page);
  change(page);
  if (page.equals(before)) throw new Error(`expected the fault to change block ${block}, it did not`);
  await file.write(block, page);
}
