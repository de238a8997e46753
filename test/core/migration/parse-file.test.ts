import { describe, expect, it } from 'vitest';
import { EXPAND_RULES } from '../../../src/core/migration/expand-rules.ts';
import { parseMigration } from '../../../src/core/migration/parse-file.ts';

const checksum = 'a'.repeat(64);
const parse = (text: string, name = '0001_x.expand.sql') => parseMigration({ name, checksum }, text);

describe('a name', () => {
  it.each([
    { name: '0001_add_column.expand.sql', number: 1, kind: 'expand' },
    { name: '20261121164400_drop-column.contract.sql', number: 20_261_121_164_400, kind: 'contract' },
  ])('is read: $name', ({ name, number, kind }) => {
    expect(parse('select 1', name).file).toMatchObject({ name, number, kind, faults: [] });
  });

  it.each(['0001.expand.sql', '1_x.sql', '0001_X.expand.sql', 'x_0001.expand.sql', '0001_x.expnd.sql'])(
    'is refused: %s',
    (name) => {
      expect(parse('select 1', name).file.faults[0]).toMatch(/^expected a name such as 0001_/);
    },
  );
});

describe('rules for files that run before the canary', () => {
  it.each([
    { sql: 'drop table orders', rule: 'drop' },
    { sql: 'DROP INDEX orders_at', rule: 'drop' },
    { sql: 'alter table orders drop column note', rule: 'drop-column' },
    { sql: 'alter table only public.orders drop note, add x int', rule: 'drop-column' },
    { sql: 'alter table orders rename column a to b', rule: 'rename' },
    { sql: 'alter table orders rename to orders2', rule: 'rename' },
    { sql: "alter type mood rename value 'a' to 'b'", rule: 'rename' },
    { sql: 'alter table orders alter column n type bigint', rule: 'alter-type' },
    { sql: 'alter table orders alter n set data type bigint using n::bigint', rule: 'alter-type' },
    { sql: 'alter table orders alter n set not null', rule: 'set-not-null' },
    { sql: 'alter table orders add column n int not null', rule: 'add-not-null' },
    { sql: 'alter table orders add id uuid default gen_random_uuid()', rule: 'rewrite-table' },
    { sql: 'alter table orders add id bigserial', rule: 'rewrite-table' },
    { sql: 'create index orders_at on orders (at)', rule: 'blocking-index' },
    { sql: 'create unique index on orders (at)', rule: 'blocking-index' },
    { sql: 'alter table orders add constraint u unique (n)', rule: 'blocking-index' },
    { sql: 'alter table orders add constraint c check (n > 0)', rule: 'validating-constraint' },
    { sql: 'alter table orders add foreign key (c) references customers', rule: 'validating-constraint' },
    { sql: 'truncate orders', rule: 'truncate' },
    { sql: "update orders set note = ''", rule: 'unbounded-write' },
    { sql: 'delete from orders', rule: 'unbounded-write' },
  ] as const)('find $rule in: $sql', ({ sql, rule }) => {
    const { file } = parse(`-- first line\n${sql};`);
    expect(file.findings).toEqual([{ rule, line: 2, says: EXPAND_RULES[rule] }]);
    expect(parse(sql, '0001_x.contract.sql').file.findings).toEqual([]);
  });

  it.each([
    'create table t (n int not null primary key)',
    'create table t (n int); create index on t (n); alter table t alter n set not null',
    'alter table orders add column note text',
    "alter table orders add column note text not null default ''",
    'alter table orders alter n drop not null, alter m set default 3',
    'alter table orders drop constraint c',
    'alter table orders add constraint c check (n > 0) not valid',
    'alter table orders add constraint u unique using index orders_u',
    'alter table orders validate constraint c',
    'update orders set n = 1 where id = 7',
    "insert into settings values ('drop table orders')",
    "comment on table orders is 'do not truncate'",
  ])('find nothing in: %s', (sql) => {
    expect(parse(sql).file.findings).toEqual([]);
  });

  it('are waived by name and reason, for that file', () => {
    const { file } = parse('-- mainstay: allow drop: nothing reads it since v1.3\ndrop view v; truncate t');
    expect(file.findings.map(({ rule, allowed }) => [rule, allowed])).toEqual([
      ['drop', 'nothing reads it since v1.3'],
      ['truncate', undefined],
    ]);
  });
});

describe('directives', () => {
  it('give a file its own times and its place', () => {
    const { file, script } = parse(
      '-- mainstay: statement-timeout 2h\n--mainstay: lock-timeout 500ms\n-- mainstay: allow out-of-order: merged late\nselect 1',
    );
    expect(script).toEqual({ statementTimeoutMs: 7_200_000, lockTimeoutMs: 500 });
    expect(file).toMatchObject({ outOfOrder: 'merged late', faults: [] });
  });

  it.each([
    { written: 'no-transactions', fault: /^directive: expected one of no-transaction, .* found "no-transactions"/ },
    { written: 'statement-timeout soon', fault: /^directive statement-timeout: expected a duration/ },
    { written: 'allow drop-colum: typing error', fault: /did you mean drop-column\?/ },
    { written: 'allow drop:', fault: /expected a rule and a reason/ },
  ])('are refused when they are wrong: $written', ({ written, fault }) => {
    expect(parse(`-- mainstay: ${written}\nselect 1`).file.faults).toEqual([expect.stringMatching(fault)]);
  });

  it.each([
    { sql: 'create index concurrently orders_at on orders (at)', index: 'orders_at' },
    {
      sql: 'create unique index concurrently if not exists "Orders At" on shop."Orders" using btree (at)',
      index: 'shop."Orders At"',
    },
    { sql: 'CREATE INDEX CONCURRENTLY Orders_At ON Shop.Orders(at);', index: 'shop.orders_at' },
  ])('no-transaction takes: $sql', ({ sql, index }) => {
    const { file, script } = parse(`-- mainstay: no-transaction\n${sql}`);
    expect(file).toMatchObject({ noTransaction: true, faults: [], findings: [] });
    expect(script.index).toEqual({ qualifiedName: index, mayExist: /if not exists/i.test(sql) });
  });

  it.each([
    { sql: 'create index concurrently on orders (at)', found: 'another statement' },
    { sql: 'vacuum orders', found: 'another statement' },
    { sql: 'create index concurrently a on t (a); create index concurrently b on t (b)', found: '2 statements' },
  ])('no-transaction refuses: $sql', ({ sql, found }) => {
    expect(parse(`-- mainstay: no-transaction\n${sql}`).file.faults[0]).toContain(`found ${found}`);
  });
});

describe('faults', () => {
  it.each([
    { sql: '-- nothing', fault: 'expected at least one statement, found none' },
    {
      sql: 'begin; select 1; commit',
      fault: 'line 1: expected no transaction control (each file is one transaction), found BEGIN',
    },
    {
      sql: 'select 1;\nrollback',
      fault: 'line 2: expected no transaction control (each file is one transaction), found ROLLBACK',
    },
    { sql: 'create index concurrently a on t (a)', fault: /line 1: CONCURRENTLY cannot run in a transaction/ },
    { sql: 'drop index concurrently a', fault: /line 1: CONCURRENTLY cannot run in a transaction/ },
  ])('are found in: $sql', ({ sql, fault }) => {
    const { faults } = parse(sql).file;
    expect(faults[0]).toEqual(typeof fault === 'string' ? fault : expect.stringMatching(fault));
  });
});
