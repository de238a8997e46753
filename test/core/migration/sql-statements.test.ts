import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitAtCommas, splitStatements } from '../../../src/core/migration/sql-statements.ts';

const texts = (sql: string) => splitStatements(sql).map(({ text }) => text);

describe('splitStatements', () => {
  it.each([
    { when: 'two statements', sql: 'select 1; select 2', is: ['SELECT 1', 'SELECT 2'] },
    { when: 'only comments', sql: '-- nothing; here\n/* nor; here */', is: [] },
    { when: 'a comment in a comment', sql: '/* a /* b; */ c; */ select 1;', is: ['SELECT 1'] },
    { when: 'a text with a semicolon', sql: "select 'a;b''c;', e'\\';', 2;", is: ["SELECT '' , '' , 2"] },
    { when: 'a quoted name', sql: 'alter table "My;Table" add x int;', is: ['ALTER TABLE "My;Table" ADD X INT'] },
    { when: 'a dollar body', sql: 'do $x$ begin; drop table a; end $x$; select 1', is: ["DO ''", 'SELECT 1'] },
    { when: 'a bare dollar body', sql: 'do $$ a; b $$;', is: ["DO ''"] },
    { when: 'a value marker is no body', sql: 'select $1; select $2', is: ['SELECT $1', 'SELECT $2'] },
    {
      when: 'a rule in parentheses',
      sql: 'create rule r as on insert to t do (a; b); select 1',
      is: ['CREATE RULE R AS ON INSERT TO T DO (A; B)', 'SELECT 1'],
    },
    {
      when: 'a function body of SQL',
      sql: 'create function f() returns int begin atomic select 1; select 2; end; select 3',
      is: ['CREATE FUNCTION F() RETURNS INT BEGIN ATOMIC SELECT 1; SELECT 2; END', 'SELECT 3'],
    },
    { when: 'an end that never comes', sql: "select 'open; ", is: ["SELECT ''"] },
  ])('reads $when', ({ sql, is }) => {
    expect(texts(sql)).toEqual(is);
  });

  it('knows the line of each statement', () => {
    expect(splitStatements('-- head\n\nselect 1;\n\n  select 2;').map(({ line }) => line)).toEqual([3, 5]);
  });

  it('ends for any text, and loses no statement between separators', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 60 }), (sql) => {
        expect(splitStatements(sql).length).toBeLessThanOrEqual(sql.split(';').length);
      }),
    );
    const word = fc.constantFrom('select 1', "select 'x;y'", 'do $$ ; $$', 'insert into t values (1)');
    fc.assert(
      fc.property(fc.array(word), (words) => {
        expect(splitStatements(words.join(' ; '))).toHaveLength(words.length);
      }),
    );
  });
});

it('splits actions at commas outside of parentheses', () => {
  expect(splitAtCommas('ADD A INT, ADD B NUMERIC(10, 2), DROP C')).toEqual([
    'ADD A INT',
    'ADD B NUMERIC(10, 2)',
    'DROP C',
  ]);
});
