/** Damage in the pages of tables. */
import { rm, truncate } from 'node:fs/promises';
import { itemsOf, type PageFile, writeItem } from '../harness/page.ts';
import { alterPage, type Fault, flatTable } from './fault.ts';

const XMAX_AT = 4;
const COLUMNS_AT = 18;
const INFOMASK_AT = 20;
const HOFF_AT = 22;
const XMAX_COMMITTED = 0x0400;
const XMAX_INVALID = 0x0800;
const FROZEN_XID = 2;
const FLAGS_AT = 10;
const PAGE_ALL_VISIBLE = 0x0004;

/** Where a text lies in the pages: block and offset. */
async function findText(file: PageFile, text: string): Promise<{ block: number; at: number }> {
  for (let block = 0; block < file.blocks; block += 1) {
    const at = (await file.read(block)).indexOf(text);
    if (at >= 0) return { block, at };
  }
  throw new Error(`expected "${text}" in the pages, found it in none of ${file.blocks}`);
}

/** The text becomes upper case where it lies. */
async function shout(file: PageFile, text: string): Promise<void> {
  const { block, at } = await findText(file, text);
  await alterPage(file, block, (page) => page.write(text.toUpperCase(), at));
}

function itemOf(page: Buffer, number: number): { number: number; offset: number; flags: number; bytes: number } {
  const item = itemsOf(page)[number - 1];
  if (!item) throw new Error(`expected line pointer ${number}, found ${itemsOf(page).length}`);
  return item;
}

export const HEAP_FAULTS: readonly Fault[] = [
  {
    name: 'heap_value_bytes',
    class: 'heap page damaged',
    setup: flatTable('heap_value_bytes'),
    atRest: async (copy) => shout(await copy.pages('harm.heap_value_bytes'), 'heap_value_bytes-mark-500'),
    expects: [{ kinds: ['digest'] }],
  },
  {
    // An open table with no writer: no row is younger than the manifest, so another digest cannot be later writing.
    name: 'heap_open_value_bytes',
    class: 'heap page damaged',
    setup: flatTable('heap_open_value_bytes'),
    closed: [],
    atRest: async (copy) => shout(await copy.pages('harm.heap_open_value_bytes'), 'heap_open_value_bytes-mark-500'),
    expects: [{ kinds: ['digest'] }],
  },
  {
    name: 'heap_line_pointer',
    class: 'heap page damaged',
    setup: flatTable('heap_line_pointer'),
    atRest: async (copy) =>
      alterPage(await copy.pages('harm.heap_line_pointer'), 1, (page) =>
        writeItem(page, { ...itemOf(page, 5), bytes: 8 }),
      ),
    expects: [{ kinds: ['heap'] }],
  },
  {
    name: 'heap_tuple_header',
    class: 'heap page damaged',
    setup: flatTable('heap_tuple_header'),
    atRest: async (copy) =>
      alterPage(await copy.pages('harm.heap_tuple_header'), 1, (page) => {
        const { offset } = itemOf(page, 5);
        page.writeUInt16LE(page.readUInt16LE(offset + COLUMNS_AT) + 5, offset + COLUMNS_AT);
      }),
    expects: [{ kinds: ['heap'] }],
  },
  {
    // The row begins eight bytes too late: whoever reads its text by the length found there ends the server.
    name: 'heap_crashes_reader',
    class: 'heap page damaged',
    isAlone: true,
    setup: flatTable('heap_crashes_reader'),
    atRest: async (copy) =>
      alterPage(await copy.pages('harm.heap_crashes_reader'), 1, (page) => {
        const { offset } = itemOf(page, 5);
        page.writeUInt8(page.readUInt8(offset + HOFF_AT) + 8, offset + HOFF_AT);
      }),
    expects: [{ kinds: ['heap'] }],
  },
  {
    // Two bits and a number: the row is deleted by a transaction that every server holds for committed.
    name: 'heap_row_hidden',
    class: 'rows lost',
    setup: flatTable('heap_row_hidden'),
    atRest: async (copy) =>
      alterPage(await copy.pages('harm.heap_row_hidden'), 1, (page) => {
        const { offset } = itemOf(page, 5);
        const mask = page.readUInt16LE(offset + INFOMASK_AT);
        page.writeUInt32LE(FROZEN_XID, offset + XMAX_AT);
        page.writeUInt16LE((mask | XMAX_COMMITTED) & ~XMAX_INVALID, offset + INFOMASK_AT);
        page.writeUInt16LE(page.readUInt16LE(FLAGS_AT) & ~PAGE_ALL_VISIBLE, FLAGS_AT);
      }),
    expects: [{ kinds: ['counts', 'digest'] }],
  },
  {
    name: 'heap_page_zeroed',
    class: 'heap page zeroed or lost',
    setup: flatTable('heap_page_zeroed'),
    atRest: async (copy) => (await copy.pages('harm.heap_page_zeroed')).zero(3),
    expects: [{ kinds: ['counts', 'digest'] }],
  },
  {
    name: 'heap_truncated',
    class: 'heap page zeroed or lost',
    setup: flatTable('heap_truncated'),
    atRest: async (copy) => {
      const file = await copy.pages('harm.heap_truncated');
      await file.cut(file.blocks - 2);
    },
    expects: [{ kinds: ['counts', 'digest'] }],
  },
  {
    name: 'heap_emptied',
    class: 'heap page zeroed or lost',
    setup: flatTable('heap_emptied'),
    atRest: (copy) => truncate(copy.path('harm.heap_emptied'), 0),
    expects: [{ kinds: ['counts', 'digest'] }],
  },
  {
    name: 'heap_file_gone',
    class: 'heap page zeroed or lost',
    setup: flatTable('heap_file_gone'),
    atRest: (copy) => rm(copy.path('harm.heap_file_gone')),
    expects: [{ kinds: ['counts', 'digest', 'heap'] }],
  },
  {
    name: 'heap_pages_exchanged',
    class: 'heap page damaged',
    setup: flatTable('heap_pages_exchanged'),
    atRest: async (copy) => {
      // Two pages written to each other's place: no value is lost, every index entry of them points at another row.
      const file = await copy.pages('harm.heap_pages_exchanged');
      const [one, other] = [await file.read(1), await file.read(2)];
      await file.write(1, other);
      await file.write(2, one);
    },
    expects: [{ kinds: ['index', 'heap'] }],
  },
  {
    name: 'heap_leaf_partition',
    class: 'heap page zeroed or lost',
    setup: [
      `CREATE TABLE harm.heap_leaf_partition (id bigint, label text, PRIMARY KEY (id)) PARTITION BY RANGE (id)`,
      `CREATE TABLE harm.heap_leaf_partition_1 PARTITION OF harm.heap_leaf_partition FOR VALUES FROM (0) TO (1000)`,
      `CREATE TABLE harm.heap_leaf_partition_2 PARTITION OF harm.heap_leaf_partition FOR VALUES FROM (1000) TO (2000)`,
      `INSERT INTO harm.heap_leaf_partition SELECT g, 'part ' || g FROM generate_series(1, 1999) g`,
    ],
    closed: [
      { schema: 'harm', table: 'heap_leaf_partition_1' },
      { schema: 'harm', table: 'heap_leaf_partition_2' },
    ],
    atRest: async (copy) => (await copy.pages('harm.heap_leaf_partition_2')).zero(1),
    expects: [{ kinds: ['counts', 'digest'], names: 'heap_leaf_partition_2' }],
  },
  {
    name: 'heap_matview_bytes',
    class: 'heap page damaged',
    setup: [
      ...flatTable('heap_matview_bytes_source', 300),
      `CREATE MATERIALIZED VIEW harm.heap_matview_bytes AS SELECT id, label FROM harm.heap_matview_bytes_source`,
    ],
    closed: [{ schema: 'harm', table: 'heap_matview_bytes_source' }],
    atRest: async (copy) => {
      const file = await copy.pages('harm.heap_matview_bytes');
      await alterPage(file, 1, (page) => {
        const { offset } = itemOf(page, 3);
        page.writeUInt16LE(page.readUInt16LE(offset + COLUMNS_AT) + 5, offset + COLUMNS_AT);
      });
    },
    expects: [{ kinds: ['heap'] }],
  },
  {
    name: 'heap_matview_value',
    class: 'heap page damaged',
    setup: [
      ...flatTable('heap_matview_value_source', 300),
      `CREATE MATERIALIZED VIEW harm.heap_matview_value AS SELECT id, label FROM harm.heap_matview_value_source`,
    ],
    closed: [{ schema: 'harm', table: 'heap_matview_value_source' }],
    atRest: async (copy) => shout(await copy.pages('harm.heap_matview_value'), 'heap_matview_value_source-mark-200'),
    expects: [{ kinds: ['digest'] }],
  },
  {
    name: 'heap_visibility_cleared',
    class: 'heap page damaged',
    setup: flatTable('heap_visibility_cleared'),
    atRest: async (copy) =>
      alterPage(await copy.pages('harm.heap_visibility_cleared', '_vm'), 0, (page) => page.fill(0, 24, 40)),
    expects: [{ kinds: ['heap', 'digest', 'counts', 'index'] }],
    missed: () => 'harmless: the map only says what need not be looked at, and the next vacuum writes it anew',
  },
];

export const TOAST_FAULTS: readonly Fault[] = [
  {
    name: 'toast_value_bytes',
    class: 'TOAST damaged',
    setup: toastTable('toast_value_bytes'),
    atRest: async (copy) => shout(await copy.pages(toastOf(copy, 'toast_value_bytes')), 'toast_value_bytes-long-20'),
    expects: [{ kinds: ['digest'] }],
  },
  {
    name: 'toast_page_zeroed',
    class: 'TOAST damaged',
    setup: toastTable('toast_page_zeroed'),
    atRest: async (copy) => (await copy.pages(toastOf(copy, 'toast_page_zeroed'))).zero(4),
    expects: [{ kinds: ['digest', 'counts', 'heap'] }],
  },
  {
    name: 'toast_truncated',
    class: 'TOAST damaged',
    setup: toastTable('toast_truncated'),
    atRest: async (copy) => {
      const file = await copy.pages(toastOf(copy, 'toast_truncated'));
      await file.cut(file.blocks - 2);
    },
    expects: [{ kinds: ['digest', 'counts', 'heap'] }],
  },
];

function toastTable(name: string): readonly string[] {
  return [
    `CREATE TABLE harm.${name} (id bigint PRIMARY KEY, body text NOT NULL)`,
    `ALTER TABLE harm.${name} ALTER body SET STORAGE EXTERNAL`,
    `INSERT INTO harm.${name} SELECT g, repeat('${name}-long-' || g || ' ', 150) FROM generate_series(1, 60) g`,
  ];
}

function toastOf(copy: { readonly facts: ReadonlyMap<string, { readonly toast?: string }> }, name: string): string {
  const toast = copy.facts.get(`harm.${name}`)?.toast;
  if (!toast) throw new Error(`expected harm.${name} to have a TOAST table`);
  return toast;
}
