import { expect, it } from 'vitest';
import {
  compareRules,
  matchesHostname,
  matchesPath,
  type RankedRule,
} from '../../../src/sandbox/router/route-match.ts';

it.each([
  { hostname: '', host: 'any.example.com', matches: true },
  { hostname: 'crm.example.com', host: 'crm.example.com:7080', matches: true },
  { hostname: 'crm.example.com', host: 'CRM.example.com', matches: true },
  { hostname: 'crm.example.com', host: 'shop.example.com', matches: false },
  { hostname: '*.example.com', host: 'a.b.example.com', matches: true },
  { hostname: '*.example.com', host: 'example.com', matches: false },
])('hostname "$hostname" and $host: $matches', ({ hostname, host, matches }) => {
  expect(matchesHostname(hostname, host)).toBe(matches);
});

it.each([
  { type: 'PathPrefix', value: '/', path: '/x', matches: true },
  { type: 'PathPrefix', value: '/orders', path: '/orders', matches: true },
  { type: 'PathPrefix', value: '/orders', path: '/orders/7', matches: true },
  { type: 'PathPrefix', value: '/orders/', path: '/orders', matches: true },
  { type: 'PathPrefix', value: '/orders', path: '/ordersheet', matches: false },
  { type: 'Exact', value: '/orders', path: '/orders', matches: true },
  { type: 'Exact', value: '/orders', path: '/orders/', matches: false },
] as const)('$type $value and $path: $matches', ({ type, value, path, matches }) => {
  expect(matchesPath({ type, value }, path)).toBe(matches);
});

it('tries the more specific rule first', () => {
  const rule = (name: string, over: Partial<RankedRule>): RankedRule & { name: string } => ({
    name,
    hostname: 'crm.example.com',
    path: { type: 'PathPrefix', value: '/' },
    createdAt: '2026-01-02T00:00:00Z',
    routeKey: 'crm/b',
    index: 0,
    ...over,
  });
  const sorted = [
    rule('any host', { hostname: '', path: { type: 'Exact', value: '/orders/7' } }),
    rule('wildcard', { hostname: '*.example.com' }),
    rule('second rule', { index: 1 }),
    rule('plain', {}),
    rule('name before', { routeKey: 'crm/a' }),
    rule('older', { createdAt: '2026-01-01T00:00:00Z' }),
    rule('longer prefix', { path: { type: 'PathPrefix', value: '/orders' } }),
    rule('exact', { path: { type: 'Exact', value: '/x' } }),
  ].sort(compareRules);
  expect(sorted.map(({ name }) => name)).toEqual([
    'exact',
    'longer prefix',
    'older',
    'name before',
    'plain',
    'second rule',
    'wildcard',
    'any host',
  ]);
});
