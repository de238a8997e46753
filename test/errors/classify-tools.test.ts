import { describe, expect, it } from 'vitest';
import { classifyPgProgram } from '../../src/errors/classify-pg-dump.ts';
import { classifyRedis } from '../../src/errors/classify-redis.ts';

describe('classifyPgProgram', () => {
  it.each([
    {
      stderr:
        'pg_dump: error: connection to server at "127.0.0.1", port 5432 failed: FATAL:  password authentication failed for user "crm"',
      code: 'Forbidden',
    },
    {
      stderr: 'pg_dump: error: connection to server at "db" (10.0.0.1), port 5432 failed: Connection refused',
      code: 'Unavailable',
    },
    { stderr: 'pg_dump: error: query failed: ERROR:  permission denied for table orders', code: 'Forbidden' },
    {
      stderr:
        'pg_dump: error: query failed: ERROR:  query would be affected by row-level security policy for table "orders"',
      code: 'Forbidden',
    },
    { stderr: 'pg_dump: error: aborting because of server version mismatch', code: 'PreconditionFailed' },
    {
      stderr:
        'pg_dump: error: Dumping the contents of table "orders" failed\npg_dump: detail: Error message from server: FATAL:  terminating connection due to administrator command\nserver closed the connection unexpectedly',
      code: 'Unavailable',
    },
    { stderr: 'pg_dump: error: query failed: ERROR:  canceling statement due to lock timeout', code: 'Conflict' },
    { stderr: 'pg_dump: error: something nobody has seen', code: 'PreconditionFailed' },
  ])('$code: $stderr', ({ stderr, code }) => {
    expect(classifyPgProgram({ doing: 'pg_dump', exitCode: 1, signal: null, stderr })).toMatchObject({
      code,
      isDamage: false,
    });
  });

  it('tells damage, and a kill', () => {
    const damage = 'ERROR:  invalid page in block 3 of relation base/5/16384';
    expect(classifyPgProgram({ doing: 'pg_dump', exitCode: 1, signal: null, stderr: damage })).toMatchObject({
      code: 'PreconditionFailed',
      isDamage: true,
    });
    expect(classifyPgProgram({ doing: 'pg_dump', exitCode: null, signal: 'SIGKILL', stderr: '' })).toMatchObject({
      code: 'Unavailable',
      message: 'pg_dump: was ended by SIGKILL: it said nothing',
    });
  });
});

describe('classifyRedis', () => {
  it.each([
    { message: 'WRONGPASS invalid username-password pair or user is disabled.', code: 'Forbidden' },
    { message: 'NOAUTH Authentication required.', code: 'Forbidden' },
    { message: "NOPERM this user has no permissions to run the 'psync' command", code: 'Forbidden' },
    { message: "ERR unknown command 'PSYNC', with args beginning with: '?' '-1'", code: 'PreconditionFailed' },
    { message: 'LOADING Redis is loading the dataset in memory', code: 'Unavailable' },
    { message: "NOMASTERLINK Can't SYNC while not connected with my master", code: 'Unavailable' },
    { message: 'no byte for 60 s: timeout', code: 'Timeout' },
    { message: 'the server closed the connection', code: 'Unavailable' },
  ])('$code: $message', ({ message, code }) => {
    expect(classifyRedis({ doing: 'PSYNC (redis h:1)', message })).toEqual({
      code,
      message: `PSYNC (redis h:1): ${message}`,
    });
  });
});
