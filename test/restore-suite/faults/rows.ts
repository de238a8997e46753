/** Rows that are lost, added, altered or point nowhere, and sequences that are behind: made with SQL. */
import { type Fault, flatTable } from './fault.ts';

const REPLICA = `SET session_replication_role = replica`;
const ORIGIN = `SET session_replication_role = DEFAULT`;

/** A closed table of one row of one type, whose value is exchanged for one that many comparisons hold for equal. */
function altered(name: string, type: string, before: string, after: string): Fault {
  return {
    name: `altered_${name}`,
    class: 'value altered',
    setup: [
      `CREATE TABLE harm.altered_${name} (id int PRIMARY KEY, value ${type})`,
      `INSERT INTO harm.altered_${name} VALUES (1, ${before}), (2, ${before}), (3, NULL)`,
    ],
    sql: [`UPDATE harm.altered_${name} SET value = ${after} WHERE id = 2`],
    expects: [{ kinds: ['digest'] }],
  };
}

export const ROW_FAULTS: readonly Fault[] = [
  {
    name: 'rows_missing',
    class: 'rows lost',
    setup: flatTable('rows_missing'),
    sql: [`DELETE FROM harm.rows_missing WHERE id > 499`],
    expects: [{ kinds: ['counts', 'digest'] }],
  },
  {
    name: 'rows_missing_below',
    class: 'rows lost',
    // The closed part of a table that is written to: what is above the line does not matter.
    setup: flatTable('rows_missing_below'),
    closed: [{ schema: 'harm', table: 'rows_missing_below', where: 'id <= 800' }],
    sql: [
      `DELETE FROM harm.rows_missing_below WHERE id = 400`,
      `INSERT INTO harm.rows_missing_below VALUES (2000, 'rows_missing_below later', 1, now())`,
    ],
    expects: [{ kinds: ['counts', 'digest'] }],
  },
  {
    name: 'rows_missing_open',
    class: 'rows lost',
    // In an open table deleted rows are no sign of loss: it is said, and not held for proven.
    setup: flatTable('rows_missing_open', 300),
    closed: [],
    sql: [`DELETE FROM harm.rows_missing_open WHERE id > 200`],
    expects: [{ kinds: ['counts', 'digest'], state: 'unproven' }],
  },
  {
    name: 'rows_all_gone',
    class: 'rows lost',
    setup: flatTable('rows_all_gone', 200),
    sql: [`TRUNCATE harm.rows_all_gone`],
    expects: [{ kinds: ['counts', 'digest'] }],
  },
  {
    name: 'rows_critical_gone',
    class: 'rows lost',
    setup: flatTable('rows_critical_gone', 200),
    closed: [],
    sql: [`DELETE FROM harm.rows_critical_gone`],
    expects: [{ kinds: ['counts', 'digest', 'rule'] }],
  },
  {
    name: 'rows_too_many',
    class: 'rows added',
    setup: flatTable('rows_too_many', 200),
    sql: [`INSERT INTO harm.rows_too_many VALUES (1001, 'rows_too_many new', 1, now())`],
    expects: [{ kinds: ['counts', 'digest'] }],
  },
  {
    name: 'rows_one_for_another',
    class: 'value altered',
    // One row becomes the twin of another: the count is as it was.
    setup: [
      `CREATE TABLE harm.rows_one_for_another (id int, label text)`,
      `INSERT INTO harm.rows_one_for_another SELECT g, 'row ' || g FROM generate_series(1, 200) g`,
    ],
    sql: [`UPDATE harm.rows_one_for_another SET id = 7, label = 'row 7' WHERE id = 8`],
    expects: [{ kinds: ['digest'] }],
  },
  {
    name: 'rows_columns_exchanged',
    class: 'value altered',
    setup: flatTable('rows_columns_exchanged', 200),
    sql: [
      `UPDATE harm.rows_columns_exchanged x SET label = y.label FROM harm.rows_columns_exchanged y
         WHERE (x.id = 1 AND y.id = 2) OR (x.id = 2 AND y.id = 1)`,
    ],
    expects: [{ kinds: ['digest'] }],
  },
  {
    name: 'rows_behind_policy',
    class: 'rows lost',
    // Row-level security must not hide from the verifier what it hides from others.
    setup: [
      ...flatTable('rows_behind_policy', 200),
      `ALTER TABLE harm.rows_behind_policy ENABLE ROW LEVEL SECURITY`,
      `ALTER TABLE harm.rows_behind_policy FORCE ROW LEVEL SECURITY`,
      `CREATE POLICY nobody_sees ON harm.rows_behind_policy USING (false)`,
    ],
    sql: [`DELETE FROM harm.rows_behind_policy WHERE id = 100`],
    expects: [{ kinds: ['counts', 'digest'] }],
  },
  altered('numeric_scale', 'numeric', '1.0', '1.00'),
  altered('numeric_last', 'numeric', '12345678901234567890.123456789', '12345678901234567890.123456788'),
  altered('float_zero', 'float8', '0::float8', `'-0'::float8`),
  altered('float_last', 'float8', '0.1::float8', '0.1::float8 + 1.4e-17::float8'),
  altered('real_nan', 'real', `1::real`, `'NaN'::real`),
  altered('json_blank', 'json', `'{"a":1}'::json`, `'{"a": 1}'::json`),
  altered('jsonb_value', 'jsonb', `'{"a":1}'::jsonb`, `'{"a":2}'::jsonb`),
  altered('jsonb_scale', 'jsonb', `'{"a":1.0}'::jsonb`, `'{"a":1.00}'::jsonb`),
  altered('text_blank', 'text', `'a'`, `'a '`),
  altered('char_case', 'char(8)', `'a'`, `'A'`),
  altered('empty_for_null', 'text', `''`, `NULL`),
  altered('null_array', 'int[]', `'{1,NULL}'`, `'{NULL,1}'`),
  altered('array_bounds', 'int[]', `'{1,2}'`, `'[0:1]={1,2}'`),
  altered('array_nested', 'text[]', `'{a,b}'`, `'{"a,b"}'`),
  altered('bytea_last', 'bytea', `'\\x00ff'`, `'\\x00fe'`),
  altered('bool_value', 'boolean', 'true', 'false'),
  altered('time_zone', 'timestamptz', `'2026-03-29 01:30Z'`, `'2026-03-29 02:30Z'`),
  altered('timetz_zone', 'timetz', `'10:00+00'`, `'11:00+01'`),
  altered('interval_days', 'interval', `'1 day'`, `'24 hours'`),
  altered('range_bound', 'numrange', `'[1,2)'`, `'[1.0,2)'`),
  altered('point_value', 'point', `'(1,2)'`, `'(2,1)'`),
  altered('bits_value', 'bit varying(8)', `B'101'`, `B'1010'`),
  altered('inet_value', 'inet', `'10.0.0.1/24'`, `'10.0.0.1/32'`),
  altered('uuid_value', 'uuid', `'00000000-0000-0000-0000-000000000001'`, `'00000000-0000-0000-0000-000000000002'`),
];

/** Parent and child with a foreign key that is checked and then lied to. */
const family = (
  name: string,
  parentKey = 'id bigint PRIMARY KEY',
  reference = 'bigint REFERENCES',
): readonly string[] => [
  `CREATE TABLE harm.${name}_parent (${parentKey})`,
  `CREATE TABLE harm.${name} (id bigint PRIMARY KEY, parent_id ${reference} harm.${name}_parent)`,
  `INSERT INTO harm.${name}_parent SELECT g FROM generate_series(1, 200) g`,
  `INSERT INTO harm.${name} SELECT g, 1 + g % 200 FROM generate_series(1, 400) g`,
];

export const KEY_FAULTS: readonly Fault[] = [
  {
    name: 'orphan_child',
    class: 'orphaned foreign key',
    setup: family('orphan_child'),
    closed: [],
    sql: [REPLICA, `UPDATE harm.orphan_child SET parent_id = 100000 WHERE id = 17`, ORIGIN],
    expects: [{ kinds: ['foreignKey'] }],
  },
  {
    name: 'orphan_parent_lost',
    class: 'orphaned foreign key',
    setup: family('orphan_parent_lost'),
    closed: [],
    sql: [REPLICA, `DELETE FROM harm.orphan_parent_lost_parent WHERE id = 17`, ORIGIN],
    expects: [{ kinds: ['foreignKey'] }],
  },
  {
    name: 'orphan_two_columns',
    class: 'orphaned foreign key',
    setup: [
      `CREATE TABLE harm.orphan_two_columns_parent (a int, b text, PRIMARY KEY (a, b))`,
      `CREATE TABLE harm.orphan_two_columns (id int PRIMARY KEY, a int, b text,
         CONSTRAINT orphan_two_columns_fk FOREIGN KEY (a, b) REFERENCES harm.orphan_two_columns_parent)`,
      `INSERT INTO harm.orphan_two_columns_parent SELECT g, 'b' || g FROM generate_series(1, 50) g`,
      `INSERT INTO harm.orphan_two_columns SELECT g, g, 'b' || g FROM generate_series(1, 50) g`,
      `INSERT INTO harm.orphan_two_columns VALUES (100, NULL, 'nobody')`,
    ],
    closed: [],
    sql: [REPLICA, `UPDATE harm.orphan_two_columns SET b = 'b2' WHERE id = 1`, ORIGIN],
    expects: [{ kinds: ['foreignKey'] }],
  },
  {
    name: 'orphan_partition',
    class: 'orphaned foreign key',
    setup: [
      `CREATE TABLE harm.orphan_partition_parent (id int PRIMARY KEY)`,
      `INSERT INTO harm.orphan_partition_parent SELECT generate_series(1, 50)`,
      `CREATE TABLE harm.orphan_partition (id int, parent_id int REFERENCES harm.orphan_partition_parent) PARTITION BY HASH (id)`,
      `CREATE TABLE harm.orphan_partition_0 PARTITION OF harm.orphan_partition FOR VALUES WITH (MODULUS 2, REMAINDER 0)`,
      `CREATE TABLE harm.orphan_partition_1 PARTITION OF harm.orphan_partition FOR VALUES WITH (MODULUS 2, REMAINDER 1)`,
      `INSERT INTO harm.orphan_partition SELECT g, g FROM generate_series(1, 50) g`,
    ],
    closed: [],
    sql: [REPLICA, `UPDATE harm.orphan_partition SET parent_id = 999 WHERE id = 9`, ORIGIN],
    expects: [{ kinds: ['foreignKey'] }],
  },
  {
    name: 'orphan_itself',
    class: 'orphaned foreign key',
    setup: [
      `CREATE TABLE harm.orphan_itself (id int PRIMARY KEY, above int REFERENCES harm.orphan_itself)`,
      `INSERT INTO harm.orphan_itself SELECT g, nullif(g - 1, 0) FROM generate_series(1, 100) g`,
    ],
    closed: [],
    sql: [REPLICA, `DELETE FROM harm.orphan_itself WHERE id = 50`, ORIGIN],
    expects: [{ kinds: ['foreignKey'] }],
  },
  {
    name: 'orphan_half_null',
    class: 'orphaned foreign key',
    // MATCH FULL forbids what MATCH SIMPLE allows: some columns null and some not.
    setup: [
      `CREATE TABLE harm.orphan_half_null_parent (a int, b int, PRIMARY KEY (a, b))`,
      `CREATE TABLE harm.orphan_half_null (id int PRIMARY KEY, a int, b int,
         FOREIGN KEY (a, b) REFERENCES harm.orphan_half_null_parent MATCH FULL)`,
      `INSERT INTO harm.orphan_half_null_parent SELECT g, g FROM generate_series(1, 20) g`,
      `INSERT INTO harm.orphan_half_null SELECT g, g, g FROM generate_series(1, 20) g`,
      `INSERT INTO harm.orphan_half_null VALUES (100, NULL, NULL)`,
    ],
    closed: [],
    sql: [REPLICA, `UPDATE harm.orphan_half_null SET b = NULL WHERE id = 3`, ORIGIN],
    expects: [{ kinds: ['foreignKey'] }],
  },
];

export const SEQUENCE_FAULTS: readonly Fault[] = [
  {
    name: 'sequence_serial',
    class: 'sequence behind',
    setup: serial('sequence_serial', 'bigserial PRIMARY KEY'),
    sql: [`SELECT setval('harm.sequence_serial_id_seq', 150)`],
    expects: [{ kinds: ['sequence'] }],
  },
  {
    name: 'sequence_identity',
    class: 'sequence behind',
    setup: serial('sequence_identity', 'bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY'),
    sql: [`SELECT setval('harm.sequence_identity_id_seq', 1, false)`],
    expects: [{ kinds: ['sequence'] }],
  },
  {
    name: 'sequence_one_short',
    class: 'sequence behind',
    // Not called yet at the very value that is there: the next insert collides.
    setup: serial('sequence_one_short', 'bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY'),
    sql: [`SELECT setval('harm.sequence_one_short_id_seq', 200, false)`],
    expects: [{ kinds: ['sequence'] }],
  },
  {
    name: 'sequence_descending',
    class: 'sequence behind',
    setup: serial('sequence_descending', 'int GENERATED ALWAYS AS IDENTITY (INCREMENT -1) PRIMARY KEY'),
    sql: [`SELECT setval('harm.sequence_descending_id_seq', -10)`],
    expects: [{ kinds: ['sequence'] }],
  },
  {
    name: 'sequence_by_default',
    class: 'sequence behind',
    setup: [
      `CREATE SEQUENCE harm.sequence_by_default_numbers INCREMENT 5`,
      ...serial('sequence_by_default', `bigint DEFAULT nextval('harm.sequence_by_default_numbers') PRIMARY KEY`),
    ],
    sql: [`SELECT setval('harm.sequence_by_default_numbers', 6)`],
    expects: [{ kinds: ['sequence'] }],
  },
  {
    name: 'sequence_file_zeroed',
    class: 'sequence behind',
    setup: serial('sequence_file_zeroed', 'bigserial PRIMARY KEY'),
    atRest: async (copy) => (await copy.pages('harm.sequence_file_zeroed_id_seq')).zero(0),
    expects: [{ kinds: ['sequence'] }],
  },
];

function serial(name: string, column: string): readonly string[] {
  return [
    `CREATE TABLE harm.${name} (id ${column}, label text)`,
    `INSERT INTO harm.${name} (label) SELECT 'label ' || g FROM generate_series(1, 200) g`,
  ];
}
