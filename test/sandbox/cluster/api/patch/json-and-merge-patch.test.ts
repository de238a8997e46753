import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../../../src/sandbox/cluster/api/json.ts';
import { applyJsonPatch } from '../../../../../src/sandbox/cluster/api/patch/json-patch.ts';
import { applyMergePatch } from '../../../../../src/sandbox/cluster/api/patch/merge-patch.ts';

describe('applyJsonPatch', () => {
  const document = { a: { b: [1, 2, 3] }, 'x/y': 1, '~': 2 };

  it.each<{ operations: Json[]; gives: Json }>([
    { operations: [{ op: 'add', path: '/a/b/1', value: 9 }], gives: { ...document, a: { b: [1, 9, 2, 3] } } },
    { operations: [{ op: 'add', path: '/a/b/-', value: 9 }], gives: { ...document, a: { b: [1, 2, 3, 9] } } },
    { operations: [{ op: 'remove', path: '/a/b/0' }], gives: { ...document, a: { b: [2, 3] } } },
    { operations: [{ op: 'replace', path: '/a', value: null }], gives: { ...document, a: null } },
    { operations: [{ op: 'replace', path: '/x~1y', value: 5 }], gives: { ...document, 'x/y': 5 } },
    { operations: [{ op: 'test', path: '/~0', value: 2 }], gives: document },
    { operations: [{ op: 'move', from: '/a/b', path: '/c' }], gives: { 'x/y': 1, '~': 2, a: {}, c: [1, 2, 3] } },
    { operations: [{ op: 'copy', from: '/a/b/0', path: '/a/b/0' }], gives: { ...document, a: { b: [1, 1, 2, 3] } } },
  ])('$operations', ({ operations, gives }) => {
    const before = structuredClone(document);
    expect(applyJsonPatch(document, operations)).toEqual(gives);
    expect(document).toEqual(before);
  });

  it.each<{ operation: Json; code: number }>([
    { operation: { op: 'test', path: '/a/b/0', value: 2 }, code: 422 },
    { operation: { op: 'remove', path: '/nowhere' }, code: 422 },
    { operation: { op: 'replace', path: '/nowhere/b', value: 1 }, code: 422 },
    { operation: { op: 'add', path: '/a/b/9', value: 1 }, code: 422 },
    { operation: { op: 'add', path: '/a/c/d', value: 1 }, code: 422 },
    { operation: { op: 'add', path: 'a', value: 1 }, code: 400 },
    { operation: { op: 'add', path: '/a' }, code: 400 },
    { operation: { op: 'dance', path: '/a' }, code: 422 },
    { operation: 'add', code: 400 },
  ])('refuses $operation with $code', ({ operation, code }) => {
    expect(() => applyJsonPatch(document, [operation])).toThrow(expect.objectContaining({ code }));
  });
});

describe('applyMergePatch', () => {
  it.each<{ document: Json; patch: Json; gives: Json }>([
    { document: { a: 'b' }, patch: { a: 'c' }, gives: { a: 'c' } },
    { document: { a: 'b', b: 1 }, patch: { a: null }, gives: { b: 1 } },
    { document: { a: [1] }, patch: { a: 'c' }, gives: { a: 'c' } },
    { document: { a: { b: 'c' } }, patch: { a: { b: 'd', c: null } }, gives: { a: { b: 'd' } } },
    { document: { a: [{ b: 1 }] }, patch: { a: [1] }, gives: { a: [1] } },
    { document: {}, patch: { a: { bb: { ccc: null } } }, gives: { a: { bb: {} } } },
    { document: [1], patch: { a: 1 }, gives: { a: 1 } },
  ])('$document with $patch', ({ document, patch, gives }) => {
    expect(applyMergePatch(document, patch)).toEqual(gives);
  });

  it('gives the same when applied twice, for any two documents', () => {
    const tree = fc.dictionary(
      fc.constantFrom('a', 'b', 'c'),
      fc.letrec<{ node: Json }>((tie) => ({
        node: fc.oneof(
          { maxDepth: 3 },
          fc.constantFrom<Json>(null, 1, 'x', [1]),
          fc.dictionary(fc.constantFrom('a', 'b'), tie('node')) as fc.Arbitrary<Json>,
        ),
      })).node,
    );
    const property = fc.property(tree, tree, (document, patch) => {
      const once = applyMergePatch(document, patch);
      expect(applyMergePatch(once, patch)).toEqual(once);
    });
    fc.assert(property, { numRuns: 300 });
  });
});
