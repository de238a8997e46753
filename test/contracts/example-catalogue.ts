/** A small catalogue that is good, as a text that tests spoil line by line. */
import { parseCatalogue } from '../../src/config/load-catalogue.ts';
import type { CatalogueLoad } from '../../src/core/model/catalogue-load.ts';

export const GOOD = `apiVersion: mainstay.dev/v1
environments:
  production:
    cluster: { context: production }
    namespace: shop
    approvals:
      start: { mode: required, deadline: 2d, escalateAfter: 1h }
    freezeWindows:
      - { from: 2026-12-23T18:00:00+01:00, to: 2026-12-27T06:00:00+01:00, reason: holidays }
  staging:
    cluster: { context: staging }
    namespace: shop
services:
  web:
    workload: { deployment: web, container: app }
    build:
      kind: localCommand
      command: [make, image]
      directory: ./web
      repository: \${REGISTRY}/web
    strategy:
      kind: canary
      steps:
        - { weight: 20, duration: 2m }
        - { weight: 100, duration: 5m, approval: true }
    traffic:
      kind: httpRoute
      route: web
      stableService: web
      port: 80
      weightMetric: { url: "http://router.example.com/metrics", name: weight, backendLabel: backend }
    analysis:
      metrics:
        - name: errors
          source: { from: router }
          query:
            kind: errorRatio
            total: { name: requests_total }
            errors: { name: requests_total, labels: { code: ~5.. } }
          judge: { kind: threshold, fail: "> 1%" }
    environments:
      staging:
        strategy:
          steps:
            - { weight: 50, duration: 40s }
            - { weight: 100, duration: 40s }
        analysis: { interval: 10s }
`;

export const ENVIRONMENT = { REGISTRY: '127.0.0.1:5000' };

/** Replaces texts that must be there; a test whose spoiling does nothing proves nothing. */
export function spoiled(...replacements: readonly (readonly [string, string])[]): string {
  let text = GOOD;
  for (const [from, to] of replacements) {
    if (!text.includes(from)) throw new Error(`the example catalogue has no ${JSON.stringify(from)}`);
    text = text.replace(from, () => to);
  }
  return text;
}

export function load(text: string): CatalogueLoad {
  return parseCatalogue(text, '/srv/company/mainstay.yaml', { environment: ENVIRONMENT });
}

export function loadGood(text: string = GOOD): Extract<CatalogueLoad, { outcome: 'loaded' }> {
  const loaded = load(text);
  if (loaded.outcome !== 'loaded') throw new Error(JSON.stringify(loaded.problems, null, 1));
  return loaded;
}
