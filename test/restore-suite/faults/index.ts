/** Damage in indexes: bytes, lost entries, duplicates, and what no checker exists for. */
import { truncate } from 'node:fs/promises';
import { itemsOf, type PageFile, removeItem, specialOf } from '../harness/page.ts';
import { PAGE_BYTES } from '../harness/page-checksum.ts';
import { type AtRest, alterPage, type Fault, flatTable } from './fault.ts';

const KEY_AT = 8;
const LEVEL_AT = 8;
const FLAGS_AT = 12;
const IS_LEAF = 1;
const IS_META = 8;
const GIN_LEAF = 2;
const GIN_SPECIAL_FLAGS_AT = 6;

/** First btree page at that level that has at least so many items; block and page. */
async function findBtreePage(file: PageFile, level: number, items: number): Promise<number> {
  for (let block = 1; block < file.blocks; block += 1) {
    const page = await file.read(block);
    const special = specialOf(page);
    const flags = page.readUInt16LE(special + FLAGS_AT);
    if ((flags & IS_META) !== 0 || page.readUInt32LE(special + LEVEL_AT) !== level) continue;
    if ((level === 0) === ((flags & IS_LEAF) !== 0) && itemsOf(page).length >= items) return block;
  }
  throw new Error(`expected a btree page of level ${level} with ${items} items, found none`);
}

/** Sets the key of one item to its opposite, so that the page is out of order. */
async function turnKey(file: PageFile, level: number, number: number): Promise<void> {
  await alterPage(file, await findBtreePage(file, level, number + 1), (page) => {
    const item = itemsOf(page)[number - 1];
    if (!item) throw new Error(`expected item ${number}`);
    page.writeUInt8(page.readUInt8(item.offset + KEY_AT + 2) ^ 0x40, item.offset + KEY_AT + 2);
  });
}

const primaryKey = (copy: AtRest, name: string) => copy.pages(`harm.${name}_pkey`);

/** A table with one index of a kind that has no checker, and nothing left of its keys. */
function unchecked(name: string, definition: string, missed?: string): Fault {
  return {
    name,
    class: 'index damaged',
    setup: [...flatTable(name), `CREATE INDEX ${name}_idx ON harm.${name} ${definition}`],
    atRest: async (copy) => {
      const file = await copy.pages(`harm.${name}_idx`);
      let harmed = 0;
      for (let block = 1; block < file.blocks; block += 1) {
        const page = await file.read(block);
        const keys = page.subarray(PAGE_BYTES / 2, specialOf(page));
        if (keys.every((byte) => byte === 0)) continue;
        keys.fill(0);
        harmed += 1;
        await file.write(block, page);
      }
      if (harmed === 0) throw new Error(`expected keys in ${name}_idx`);
    },
    expects: [{ kinds: ['index'] }],
    ...(missed ? { missed: () => missed } : {}),
  };
}

export const INDEX_FAULTS: readonly Fault[] = [
  {
    name: 'index_leaf_key',
    class: 'index damaged',
    setup: flatTable('index_leaf_key'),
    atRest: async (copy) => turnKey(await primaryKey(copy, 'index_leaf_key'), 0, 20),
    expects: [{ kinds: ['index'], names: 'index_leaf_key_pkey' }],
  },
  {
    name: 'index_inner_key',
    class: 'index damaged',
    setup: flatTable('index_inner_key', 3000),
    atRest: async (copy) => turnKey(await primaryKey(copy, 'index_inner_key'), 1, 3),
    expects: [{ kinds: ['index'], names: 'index_inner_key_pkey' }],
  },
  {
    name: 'index_downlinks',
    class: 'index damaged',
    setup: flatTable('index_downlinks', 3000),
    // Two downlinks of the root exchanged: each page is in order, but a search for their keys ends in the wrong one.
    atRest: async (copy) => {
      const file = await primaryKey(copy, 'index_downlinks');
      await alterPage(file, await findBtreePage(file, 1, 5), (page) => {
        const [one, other] = [itemsOf(page)[2], itemsOf(page)[4]];
        if (!one || !other) throw new Error('expected five downlinks');
        const kept = Buffer.from(page.subarray(one.offset, one.offset + 4));
        page.copy(page, one.offset, other.offset, other.offset + 4);
        kept.copy(page, other.offset);
      });
    },
    expects: [{ kinds: ['index'], names: 'index_downlinks_pkey' }],
  },
  {
    name: 'index_leaf_zeroed',
    class: 'index damaged',
    setup: flatTable('index_leaf_zeroed'),
    atRest: async (copy) => {
      const file = await primaryKey(copy, 'index_leaf_zeroed');
      await file.zero(await findBtreePage(file, 0, 10));
    },
    expects: [{ kinds: ['index'], names: 'index_leaf_zeroed_pkey' }],
  },
  {
    name: 'index_truncated',
    class: 'index damaged',
    setup: flatTable('index_truncated'),
    atRest: (copy) => truncate(copy.path('harm.index_truncated_pkey'), 2 * PAGE_BYTES),
    expects: [{ kinds: ['index'], names: 'index_truncated_pkey' }],
  },
  {
    name: 'index_row_missing',
    class: 'index incomplete',
    setup: flatTable('index_row_missing'),
    atRest: async (copy) => {
      const file = await primaryKey(copy, 'index_row_missing');
      await alterPage(file, await findBtreePage(file, 0, 30), (page) => removeItem(page, 20));
    },
    expects: [{ kinds: ['index'], names: 'index_row_missing_pkey' }],
  },
  {
    name: 'index_wrong_row',
    class: 'index incomplete',
    setup: flatTable('index_wrong_row'),
    // The entry points at its neighbour's row.
    atRest: async (copy) => {
      const file = await primaryKey(copy, 'index_wrong_row');
      await alterPage(file, await findBtreePage(file, 0, 30), (page) => {
        const [one, other] = [itemsOf(page)[19], itemsOf(page)[20]];
        if (!one || !other) throw new Error('expected items');
        page.copy(page, one.offset, other.offset, other.offset + 6);
      });
    },
    expects: [{ kinds: ['index'], names: 'index_wrong_row_pkey' }],
  },
  {
    name: 'index_expression_row',
    class: 'index incomplete',
    setup: [
      ...flatTable('index_expression_row'),
      `CREATE INDEX index_expression_row_lower ON harm.index_expression_row (lower(label)) WHERE id > 100`,
    ],
    atRest: async (copy) => {
      const file = await copy.pages('harm.index_expression_row_lower');
      await alterPage(file, await findBtreePage(file, 0, 30), (page) => removeItem(page, 20));
    },
    expects: [{ kinds: ['index'], names: 'index_expression_row_lower' }],
  },
  {
    name: 'index_of_toast',
    class: 'index incomplete',
    setup: [
      `CREATE TABLE harm.index_of_toast (id bigint PRIMARY KEY, body text NOT NULL)`,
      `ALTER TABLE harm.index_of_toast ALTER body SET STORAGE EXTERNAL`,
      `INSERT INTO harm.index_of_toast SELECT g, repeat('long ' || g || ' ', 500) FROM generate_series(1, 60) g`,
    ],
    atRest: async (copy) => {
      const index = copy.facts.get('harm.index_of_toast')?.toastIndex ?? '';
      const file = await copy.pages(index);
      await alterPage(file, await findBtreePage(file, 0, 30), (page) => removeItem(page, 20));
    },
    expects: (facts) => [{ kinds: ['index'], names: facts.get('harm.index_of_toast')?.toastIndex ?? 'no index' }],
  },
  {
    name: 'index_of_catalogue',
    class: 'index damaged',
    atRest: async (copy) => {
      const file = await copy.pages('pg_catalog.pg_description_o_c_o_index');
      await alterPage(file, await findBtreePage(file, 0, 30), (page) => removeItem(page, 20));
    },
    expects: [{ kinds: ['index'], names: 'pg_description_o_c_o_index' }],
  },
  {
    name: 'index_gin_keys',
    class: 'index damaged',
    setup: [
      `CREATE TABLE harm.index_gin_keys (id bigint PRIMARY KEY, tags int[] NOT NULL)`,
      `INSERT INTO harm.index_gin_keys SELECT g, ARRAY[g, g + 5000] FROM generate_series(1, 1500) g`,
      `CREATE INDEX index_gin_keys_idx ON harm.index_gin_keys USING gin (tags) WITH (fastupdate = off)`,
    ],
    atRest: async (copy) => {
      const file = await copy.pages('harm.index_gin_keys_idx');
      for (let block = 1; block < file.blocks; block += 1) {
        const page = await file.read(block);
        const flags = page.readUInt16LE(specialOf(page) + GIN_SPECIAL_FLAGS_AT);
        const item = itemsOf(page)[3];
        if (flags !== GIN_LEAF || itemsOf(page).length < 10 || !item) continue;
        await alterPage(file, block, (found) => {
          found.writeUInt8(found.readUInt8(item.offset + KEY_AT + 2) ^ 0x40, item.offset + KEY_AT + 2);
        });
        return;
      }
      throw new Error('expected a leaf page in the GIN index');
    },
    expects: [{ kinds: ['index'], names: 'index_gin_keys_idx' }],
    missed: ({ major }) => (major < 18 ? 'gin_index_check comes with 18' : undefined),
  },
  unchecked('index_hash', 'USING hash (label)'),
  unchecked('index_brin', 'USING brin (at) WITH (pages_per_range = 1)'),
  unchecked(
    'index_gist',
    'USING gist (point(id, id))',
    'no checker exists, and no key of it can be looked up by itself; the verdict says that it was not looked at',
  ),
  unchecked('index_spgist', 'USING spgist (label)'),
];

/** Says of a unique index for a moment that it is something else, so that a duplicate comes in. */
const whileNot = (column: 'indisunique' | 'indisready', name: string, insert: string): readonly string[] => [
  `UPDATE pg_index SET ${column} = false WHERE indexrelid = 'harm.${name}'::regclass`,
  insert,
  `UPDATE pg_index SET ${column} = true WHERE indexrelid = 'harm.${name}'::regclass`,
];

export const UNIQUE_FAULTS: readonly Fault[] = [
  {
    name: 'duplicate_in_index',
    class: 'duplicate under a unique index',
    setup: flatTable('duplicate_in_index', 300),
    sql: [
      ...whileNot(
        'indisunique',
        'duplicate_in_index_pkey',
        `INSERT INTO harm.duplicate_in_index VALUES (7, 'duplicate_in_index again', 1, now())`,
      ),
    ],
    expects: (_, { major }) => [
      { kinds: ['digest', 'counts'] },
      ...(major >= 17 ? ([{ kinds: ['index'], names: 'duplicate_in_index_pkey' }] as const) : []),
    ],
  },
  {
    name: 'duplicate_beside_index',
    class: 'duplicate under a unique index',
    setup: flatTable('duplicate_beside_index', 300),
    closed: [],
    sql: [
      ...whileNot(
        'indisready',
        'duplicate_beside_index_pkey',
        `INSERT INTO harm.duplicate_beside_index VALUES (7, 'duplicate_beside_index again', 1, now())`,
      ),
    ],
    expects: [{ kinds: ['index'], names: 'duplicate_beside_index_pkey' }],
  },
  {
    // Nothing but the index's own rule tells of it: the table is open, so its rows may have changed.
    name: 'duplicate_open_table',
    class: 'duplicate under a unique index',
    setup: flatTable('duplicate_open_table', 300),
    closed: [],
    sql: [
      ...whileNot(
        'indisunique',
        'duplicate_open_table_pkey',
        `INSERT INTO harm.duplicate_open_table VALUES (7, 'duplicate_open_table again', 1, now())`,
      ),
    ],
    expects: [{ kinds: ['index'], names: 'duplicate_open_table_pkey' }],
  },
  {
    name: 'invalid_index',
    class: 'invalid index',
    setup: [...flatTable('invalid_index', 300), `CREATE INDEX invalid_index_label ON harm.invalid_index (label)`],
    sql: [`UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'harm.invalid_index_label'::regclass`],
    expects: [{ kinds: ['indexValid'], names: 'invalid_index_label' }],
  },
  {
    name: 'index_not_ready',
    class: 'invalid index',
    setup: [...flatTable('index_not_ready', 300), `CREATE INDEX index_not_ready_label ON harm.index_not_ready (label)`],
    sql: [
      `UPDATE pg_index SET indisvalid = false, indisready = false WHERE indexrelid = 'harm.index_not_ready_label'::regclass`,
    ],
    expects: [{ kinds: ['indexValid'], names: 'index_not_ready_label' }],
  },
];
