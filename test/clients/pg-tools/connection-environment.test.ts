import { expect, it } from 'vitest';
import { connectionEnvironment } from '../../../src/clients/pg-tools/connection-environment.ts';

it('turns a URL into variables of libpq, and passes nothing else on', () => {
  process.env.PGDATABASE = 'elsewhere';
  const seen = connectionEnvironment(
    'postgres://crm%40x:p%40ss@[::1]:6000/a%20b?sslmode=verify-full&sslrootcert=/ca.pem&foo=1',
    'x',
  );
  delete process.env.PGDATABASE;
  expect(seen).toEqual({
    PATH: process.env.PATH,
    LC_ALL: 'C',
    PGHOST: '::1',
    PGPORT: '6000',
    PGDATABASE: 'a b',
    PGAPPNAME: 'x',
    PGCONNECT_TIMEOUT: '10',
    PGPASSFILE: '/dev/null',
    PGUSER: 'crm@x',
    PGPASSWORD: 'p@ss',
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: '/ca.pem',
  });
});

it.each([
  { mode: 'no-verify', as: 'require' },
  { mode: 'require', as: 'require' },
])('says $as to libpq for $mode', ({ mode, as }) => {
  expect(connectionEnvironment(`postgres://u@h/d?sslmode=${mode}`, 'x').PGSSLMODE).toBe(as);
});

it('refuses what is no URL, without repeating it', () => {
  expect(() => connectionEnvironment('host=x password=secret', 'x')).toThrow(/expected postgres:/);
  expect(() => connectionEnvironment('host=x password=secret', 'x')).not.toThrow(/secret/);
});
