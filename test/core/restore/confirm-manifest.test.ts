import { describe, expect, it } from 'vitest';
import type { Manifest, TableDigest } from '../../../src/core/model/restore.ts';
import { confirmManifest } from '../../../src/core/restore/confirm-manifest.ts';

function table(changes: Partial<TableDigest> = {}): TableDigest {
  return {
    schema: 'public',
    table: 'orders',
    rows: 10,
    digest: '42',
    closed: false,
    sampled: 1,
    writes: '7',
    ...changes,
  };
}

function manifest(tables: readonly TableDigest[], changes: Partial<Manifest> = {}): Manifest {
  return {
    format: 1,
    algorithm: 'a',
    takenAtMs: 1,
    database: 'crm',
    serverVersion: 180_004,
    serverMajor: 18,
    systemIdentifier: '1',
    timelineId: 1,
    xid: '1',
    tables,
    fingerprint: [],
    schemaHash: 'h',
    extensions: [],
    settings: {},
    sequences: [],
    notCovered: [],
    ...changes,
  };
}

describe('a manifest that is taken again after the backup', () => {
  it.each([
    { when: 'nothing happened', after: table(), closed: true },
    { when: 'a value changed', after: table({ digest: '43', writes: '8' }), closed: false },
    { when: 'a row came', after: table({ rows: 11, digest: '50', writes: '8' }), closed: false },
    { when: 'a row came and went again', after: table({ writes: '9' }), closed: false },
    { when: 'the server does not count', after: table({ writes: undefined as never }), closed: false },
    { when: 'it could not be read any more', after: table({ digest: null }), closed: false },
    { when: 'another share was hashed', after: table({ sampled: 0.5 }), closed: false },
  ])('closes the table: $closed when $when', ({ after, closed }) => {
    const found = confirmManifest(manifest([table()]), manifest([after]));
    expect(found).toMatchObject({ closed: closed ? 1 : 0, open: closed ? 0 : 1 });
    expect(found.manifest.tables[0]?.unchanged).toBe(closed ? true : undefined);
  });

  it('does not close what the server never counted, or what was not there at first', () => {
    const { writes: _none, ...uncounted } = table();
    expect(confirmManifest(manifest([uncounted]), manifest([uncounted]))).toMatchObject({ closed: 0, open: 1 });
    expect(confirmManifest(manifest([]), manifest([table()])).manifest.tables).toEqual([]);
  });

  it('closes everything around a declared range too, when the whole was hashed', () => {
    const ranged = table({ closed: true, where: 'id < 5', rangeRows: 4, wholeDigest: '99' });
    const found = confirmManifest(manifest([ranged]), manifest([ranged]));
    expect(found.manifest.tables).toEqual([table({ digest: '99', closed: true, unchanged: true })]);
  });

  it.each([
    { when: 'another server answered', after: { systemIdentifier: '2' }, why: 'failed over' },
    { when: 'it was promoted meanwhile', after: { timelineId: 2 }, why: 'failed over' },
    { when: 'the schema changed', after: { schemaHash: 'i' }, why: 'schema' },
    { when: 'digests are made in another way', after: { algorithm: 'b' }, why: 'another way' },
  ])('closes nothing when $when, and says so', ({ after, why }) => {
    const found = confirmManifest(manifest([table()]), manifest([table()], after));
    expect(found).toMatchObject({ closed: 0, whyNot: expect.stringContaining(why) });
  });
});
