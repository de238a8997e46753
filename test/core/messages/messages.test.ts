import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MESSAGE_FIELDS, MESSAGE_NAMES, type MessageName } from '../../../src/core/messages/message-inputs.ts';
import { exampleOf, parseMessage } from '../../../src/core/messages/parse-message.ts';

const BY = 'release-manager';
const REASON = 'checked by hand';
const PLAN = '3f2a90c1';

describe('parseMessage', () => {
  it.each<{ name: MessageName; input: unknown; message: unknown }>([
    { name: 'approve', input: { by: BY, plan: PLAN }, message: { plan: PLAN, by: BY } },
    { name: 'approve', input: { by: BY, plan: PLAN, reason: REASON }, message: { plan: PLAN, by: BY, reason: REASON } },
    {
      name: 'approve',
      input: { by: BY, plan: 'a'.repeat(64), reason: null },
      message: { plan: 'a'.repeat(64), by: BY },
    },
    { name: 'approve', input: { by: BY, plan: `sha256:${PLAN}` }, message: { plan: `sha256:${PLAN}`, by: BY } },
    { name: 'reject', input: { by: BY, reason: REASON }, message: { by: BY, reason: REASON } },
    { name: 'pause', input: { by: ` ${BY} `, reason: `${REASON}\n` }, message: { by: BY, reason: REASON } },
    { name: 'resume', input: { by: BY }, message: { by: BY } },
    { name: 'skipStep', input: { by: BY, reason: REASON }, message: { by: BY, reason: REASON } },
    { name: 'promoteNow', input: { by: BY, reason: REASON }, message: { by: BY, reason: REASON } },
    { name: 'abort', input: { by: BY, reason: REASON }, message: { by: BY, reason: REASON } },
    { name: 'acceptUnrestored', input: { by: BY, reason: REASON }, message: { by: BY, reason: REASON } },
    {
      name: 'acceptUnrestored',
      input: { by: BY, reason: REASON, object: 'HTTPRoute crm/crm-api' },
      message: { by: BY, reason: REASON, object: 'HTTPRoute crm/crm-api' },
    },
  ])('$name accepts $input', ({ name, input, message }) => {
    expect(parseMessage(name, input)).toEqual({ message });
  });

  it.each<{ name: MessageName; input: unknown; says: readonly string[] }>([
    { name: 'abort', input: undefined, says: ['expected one JSON object, found nothing'] },
    { name: 'abort', input: null, says: ['expected one JSON object, found null'] },
    { name: 'abort', input: 'stop', says: ['expected one JSON object, found "stop"'] },
    { name: 'abort', input: [{ by: BY }], says: ['found a list of 1'] },
    {
      name: 'abort',
      input: {},
      says: ['by: expected who acts, a text, found nothing', 'reason: expected why, a text, found nothing'],
    },
    { name: 'abort', input: { by: BY, reason: '  ' }, says: ['reason: expected why, a text, found an empty text'] },
    { name: 'abort', input: { by: 7, reason: REASON }, says: ['by: expected who acts, a text, found 7'] },
    { name: 'abort', input: { by: BY, reason: 'x'.repeat(2001) }, says: ['2001 characters, at most 2000'] },
    { name: 'approve', input: { by: BY }, says: ['plan: expected 8 to 64 characters of the plan digest'] },
    { name: 'approve', input: { by: BY, plan: '3f2a90c' }, says: ['found "3f2a90c"'] },
    { name: 'approve', input: { by: BY, plan: '3F2A90C1' }, says: ['found "3F2A90C1"'] },
    {
      name: 'approve',
      input: { by: BY, plna: PLAN },
      says: ['plan: expected', 'plna: expected no such field but one of plan, by, reason (did you mean plan?)'],
    },
    { name: 'resume', input: { by: BY, reason: 5 }, says: ['reason: expected why, a text, found 5'] },
    {
      name: 'reject',
      input: { by: BY, reason: REASON, constructor: 1 },
      says: ['constructor: expected no such field'],
    },
    {
      name: 'pause',
      input: JSON.parse('{"by":"x","reason":"y","__proto__":{"by":"z"}}'),
      says: ['__proto__: expected no such field'],
    },
  ])('$name refuses $input, everything at once, with an example', ({ name, input, says }) => {
    const parsed = parseMessage(name, input);
    const problem = 'problem' in parsed ? parsed.problem : '';
    for (const part of says) expect(problem).toContain(part);
    expect(problem.startsWith(`${name}: `)).toBe(true);
    expect(problem.endsWith(`Example: ${exampleOf(name)}`)).toBe(true);
  });

  it.each(MESSAGE_NAMES)('accepts its own example of %s', (name) => {
    expect(parseMessage(name, JSON.parse(exampleOf(name)))).toHaveProperty('message');
  });

  it('never throws, and what it accepts has its fields and no others', () => {
    fc.assert(
      fc.property(fc.constantFrom(...MESSAGE_NAMES), fc.oneof(fc.jsonValue(), nearMiss()), (name, input) => {
        const parsed = parseMessage(name, input);
        if ('problem' in parsed) {
          expect(parsed.problem).not.toBe('');
          return;
        }
        const rules = MESSAGE_FIELDS[name];
        const fields = Object.keys(parsed.message);
        expect(Object.keys(rules)).toEqual(expect.arrayContaining(fields));
        for (const [field, { required }] of Object.entries(rules)) if (required) expect(fields).toContain(field);
        for (const value of Object.values(parsed.message)) expect(value).toBe(String(value).trim());
      }),
    );
  });
});

/** Objects with the right fields and strange values: where a check that is missing would show. */
function nearMiss(): fc.Arbitrary<unknown> {
  const value = fc.oneof(fc.string(), fc.constant(PLAN), fc.constant(null), fc.jsonValue());
  return fc.record({ by: value, reason: value, plan: value, object: value }, { requiredKeys: [] });
}
