/** A logical dump of a database: what is known of its source, its object and its parts. */
import type { ObjectReference, OperationMark } from './backup.ts';
import type { DatabaseName } from './database.ts';

/** What a relation of the source is called in the listing of an archive. */
export const DUMPED_KINDS = ['TABLE', 'FOREIGN TABLE', 'VIEW', 'MATERIALIZED VIEW', 'SEQUENCE'] as const;
export type DumpedKind = (typeof DUMPED_KINDS)[number];

/** A relation of the source that the archive must hold. */
export interface SourceRelation {
  readonly oid: number;
  readonly kind: DumpedKind;
  /** `public.orders` */
  readonly name: string;
  /** It has rows of its own in the archive: neither partitioned nor foreign. */
  readonly hasData: boolean;
}

/** One line of `pg_restore --list`. Relations are told apart by their OID: names may hold spaces. */
export interface ListedEntry {
  readonly oid: number;
  /** `TABLE`, `TABLE DATA`, `INDEX`, ... */
  readonly kind: string;
  /** Schema, name and owner as they were printed. */
  readonly rest: string;
}

/** The small object beside an archive, written after it: an archive without one is not whole. */
export interface DumpManifest extends DatabaseName {
  readonly format: 1;
  readonly mark: OperationMark;
  readonly archive: ObjectReference;
  readonly serverVersion: number;
  readonly databaseName: string;
  /** `15.18`; an older pg_restore may refuse the archive. */
  readonly pgDumpVersion: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** The relations of the snapshot that the archive was made from. */
  readonly relations: readonly SourceRelation[];
}

/** One dump as the rules of retention see it: what stands under its folder. */
export interface StoredDump {
  /** `<prefix><environment>/<database>/<time>-<digest>/` */
  readonly folder: string;
  /** From its name. */
  readonly takenAtMs: number;
  readonly hasArchive: boolean;
  readonly hasManifest: boolean;
  /** It was read back whole and holds what the source held. */
  readonly isVerified: boolean;
}
