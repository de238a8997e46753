import { describe, expect, it } from 'vitest';
import { classifyPostgres } from '../../src/errors/classify-postgres.ts';

const problem = (code: string | undefined, message = 'it said so') => ({ doing: 'look', code, message, sent: true });

describe('classifyPostgres', () => {
  it.each([
    { state: '55P03', is: 'lock_not_available', read: 'Conflict', write: 'Conflict' },
    { state: '40P01', is: 'deadlock_detected', read: 'Conflict', write: 'Conflict' },
    { state: '40001', is: 'serialization_failure', read: 'Conflict', write: 'Conflict' },
    { state: '40003', is: 'statement_completion_unknown', read: 'Unavailable', write: 'OutcomeUnknown' },
    { state: '57014', is: 'query_canceled', read: 'Timeout', write: 'Timeout' },
    { state: '57P01', is: 'admin_shutdown', read: 'Unavailable', write: 'OutcomeUnknown' },
    { state: '57P02', is: 'crash_shutdown', read: 'Unavailable', write: 'OutcomeUnknown' },
    { state: '57P03', is: 'cannot_connect_now', read: 'Unavailable', write: 'Unavailable' },
    { state: '57P04', is: 'database_dropped', read: 'NotFound', write: 'NotFound' },
    { state: '08006', is: 'connection_failure', read: 'Unavailable', write: 'OutcomeUnknown' },
    { state: '08P01', is: 'protocol_violation', read: 'Unavailable', write: 'OutcomeUnknown' },
    { state: '08001', is: 'unable_to_connect', read: 'Unavailable', write: 'Unavailable' },
    { state: '25P03', is: 'idle_in_transaction_session_timeout', read: 'Unavailable', write: 'OutcomeUnknown' },
    { state: '25006', is: 'read_only_sql_transaction', read: 'PreconditionFailed', write: 'PreconditionFailed' },
    { state: '28P01', is: 'invalid_password', read: 'Forbidden', write: 'Forbidden' },
    { state: '28000', is: 'invalid_authorization', read: 'Forbidden', write: 'Forbidden' },
    { state: '42501', is: 'insufficient_privilege', read: 'Forbidden', write: 'Forbidden' },
    { state: '3D000', is: 'invalid_catalog_name', read: 'NotFound', write: 'NotFound' },
    { state: '42P01', is: 'undefined_table', read: 'NotFound', write: 'NotFound' },
    { state: '42601', is: 'syntax_error', read: 'InvalidInput', write: 'InvalidInput' },
    { state: '42P07', is: 'duplicate_table', read: 'InvalidInput', write: 'InvalidInput' },
    { state: '22P02', is: 'invalid_text_representation', read: 'InvalidInput', write: 'InvalidInput' },
    { state: '23505', is: 'unique_violation', read: 'PreconditionFailed', write: 'PreconditionFailed' },
    { state: '53300', is: 'too_many_connections', read: 'Unavailable', write: 'Unavailable' },
    { state: '53100', is: 'disk_full', read: 'Unavailable', write: 'Unavailable' },
    { state: 'XX000', is: 'internal_error', read: 'BadResponse', write: 'BadResponse' },
    { state: 'P0001', is: 'raise_exception', read: 'PreconditionFailed', write: 'PreconditionFailed' },
    { state: 'ECONNREFUSED', is: 'nobody listens', read: 'Unavailable', write: 'Unavailable' },
    { state: 'ECONNRESET', is: 'cut', read: 'Unavailable', write: 'OutcomeUnknown' },
    { state: 'ZZ999', is: 'a state nobody knows', read: 'Unavailable', write: 'OutcomeUnknown' },
    { state: 'ESOMETHING', is: 'a code nobody knows', read: 'Unavailable', write: 'OutcomeUnknown' },
  ])('$state ($is) is $read to a read, $write to a write', ({ state, read, write }) => {
    expect(classifyPostgres({ ...problem(state), write: false }).code).toBe(read);
    expect(classifyPostgres({ ...problem(state), write: true }).code).toBe(write);
  });

  it.each([
    { text: 'Connection terminated unexpectedly', read: 'Unavailable', write: 'OutcomeUnknown' },
    { text: 'Query read timeout', read: 'Unavailable', write: 'OutcomeUnknown' },
    { text: 'Connection terminated due to connection timeout', read: 'Timeout', write: 'Timeout' },
    { text: 'timeout expired', read: 'Timeout', write: 'Timeout' },
    { text: 'The server does not support SSL connections', read: 'Forbidden', write: 'Forbidden' },
    { text: 'something new', read: 'Unavailable', write: 'OutcomeUnknown' },
  ])('the driver\'s "$text" is $read to a read, $write to a write', ({ text, read, write }) => {
    expect(classifyPostgres({ ...problem(undefined, text), write: false }).code).toBe(read);
    expect(classifyPostgres({ ...problem(undefined, text), write: true }).code).toBe(write);
  });

  it('is never unsure of a write that was not sent', () => {
    expect(classifyPostgres({ ...problem('ECONNRESET'), write: true, sent: false }).code).toBe('Unavailable');
    expect(classifyPostgres({ ...problem(undefined), write: true, sent: false }).code).toBe('Unavailable');
  });

  it('says what was done, the state with its words, and what the server said, in one line', () => {
    const said = 'canceling statement\n due to lock timeout';
    expect(classifyPostgres({ ...problem('55P03', said), write: true }).message).toBe(
      'look: 55P03 lock not available: canceling statement due to lock timeout',
    );
    expect(classifyPostgres({ ...problem('ECONNRESET', 'read ECONNRESET'), write: true }).message).toBe(
      'look: ECONNRESET: read ECONNRESET (the write may have taken effect)',
    );
    expect(classifyPostgres({ ...problem('42601', 'x'.repeat(900)), write: true }).message.length).toBeLessThan(560);
  });
});
