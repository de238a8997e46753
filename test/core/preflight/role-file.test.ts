import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { describe, expect, it } from 'vitest';
import { KINDS } from '../../../src/clients/kubernetes/port.ts';
import { parseCatalogue } from '../../../src/config/load-catalogue.ts';
import type { Catalogue } from '../../../src/core/model/catalogue.ts';
import { roleFile, type RoleOptions } from '../../../src/core/preflight/role-file.ts';
import { exampleRoleFile } from '../../../tools/docs/role-file.ts';
import { callOf, isCovered, type RoleRule, textOf, unusedRights } from '../../harness/audit-proxy.ts';

const EXAMPLE = new URL('../../../examples/crm/mainstay.yaml', import.meta.url);

function catalogue(change: (text: string) => string = (text) => text): Catalogue {
  const load = parseCatalogue(change(readFileSync(EXAMPLE, 'utf8')), EXAMPLE.pathname, { environment: {} });
  if (load.outcome !== 'loaded') throw new Error(JSON.stringify(load.problems));
  return load.catalogue;
}

interface Role {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly rules: readonly {
    readonly resources: string[];
    readonly verbs: string[];
    readonly resourceNames?: string[];
  }[];
  readonly subjects: readonly { readonly namespace: string }[];
}

function rolesOf(of: Catalogue, options: Partial<RoleOptions> = {}): readonly Role[] {
  const text = roleFile(of, (kind) => KINDS[kind], { account: 'mainstay-worker', ...options });
  return parseAllDocuments(text).map((document) => document.toJS() as Role);
}

describe('the rights of a worker', () => {
  it('of the example company are the file that is shipped', async () => {
    const file = readFileSync(new URL('../../../deploy/kubernetes/rbac.yaml', import.meta.url), 'utf8');
    expect(file).toBe(await exampleRoleFile());
  });

  it('are one Role a namespace, without a star, Secrets and ConfigMaps by name', () => {
    const roles = rolesOf(catalogue()).filter(({ kind }) => kind === 'Role');
    expect(roles.map(({ metadata }) => metadata.namespace)).toEqual(['crm']);
    expect(JSON.stringify(roles)).not.toContain('*');
    const named = roles[0]?.rules.filter(({ resources }) => ['secrets', 'configmaps'].includes(resources[0] ?? ''));
    expect(named?.map(({ resourceNames, verbs }) => [resourceNames, verbs])).toEqual([
      [['crm-api'], ['get']],
      [['crm-api'], ['get']],
    ]);
  });

  it('follow the router of each service, and the secrets that builds refer to', () => {
    const changed = catalogue((text) =>
      text.replace('timeout: 10m', 'timeout: 10m\n      environment: { TOKEN: "k8s:vault/build/token" }'),
    );
    const [service] = Object.values(changed.services);
    if (!service) throw new Error('no service');
    const ratio = { ...service, traffic: { kind: 'podRatio', stableService: 'crm-api', port: 80 } as const };
    const roles = rolesOf({ ...changed, services: { 'crm-api': ratio } }).filter(({ kind }) => kind === 'Role');
    expect(roles.map(({ metadata }) => metadata.namespace)).toEqual(['crm', 'vault']);
    expect(roles[1]?.rules).toEqual([
      { apiGroups: [''], resources: ['secrets'], resourceNames: ['build'], verbs: ['get'] },
    ]);
  });

  it('hold the secret of a database that is migrated', () => {
    const changed = catalogue((text) => text.replace('k8s:crm/crm-api/CRM_DATABASE_URL', 'k8s:databases/crm/url'));
    const roles = rolesOf(changed).filter(({ kind }) => kind === 'Role');
    expect(roles.map(({ metadata, rules }) => [metadata.namespace, rules.at(-1)?.resourceNames])).toEqual([
      ['crm', ['crm-api']],
      ['databases', ['crm']],
    ]);
  });

  it('hold the secret of a metrics server', () => {
    const { environments, services } = catalogue();
    const auth = { kind: 'bearer', token: 'k8s:monitoring/reader/token' } as const;
    const prometheus = { url: 'https://prometheus.example.com', auth };
    const [[name, environment] = []] = Object.entries(environments);
    if (name === undefined || !environment) throw new Error('no environment');
    const changed = {
      ...catalogue(),
      services,
      environments: { ...environments, [name]: { ...environment, prometheus } },
    };
    const roles = rolesOf(changed).filter(
      ({ kind, metadata }) => kind === 'Role' && metadata.namespace === 'monitoring',
    );
    expect(roles.map(({ rules }) => rules[0]?.resourceNames)).toEqual([['reader']]);
  });

  it('are given to an account elsewhere when there is one', () => {
    const documents = rolesOf(catalogue(), { accountNamespace: 'mainstay' });
    expect(documents.map(({ kind }) => kind)).toEqual(['Role', 'RoleBinding']);
    expect(documents[1]?.subjects[0]?.namespace).toBe('mainstay');
  });
});

describe('the audit of calls against these rights', () => {
  const rules = rolesOf(catalogue())
    .filter(({ kind }) => kind === 'Role')
    .flatMap((role) =>
      role.rules.map((rule) => ({ ...rule, namespace: role.metadata.namespace }) as unknown as RoleRule),
    );
  const at = '/apis/apps/v1/namespaces/crm/deployments';

  it.each([
    { method: 'GET', url: `${at}/crm-api`, says: 'get apps/deployments crm/crm-api', covered: true },
    { method: 'GET', url: `${at}?labelSelector=a%3Db`, says: 'list apps/deployments crm', covered: true },
    { method: 'POST', url: at, says: 'create apps/deployments crm', covered: true },
    { method: 'PATCH', url: `${at}/crm-api`, says: 'patch apps/deployments crm/crm-api', covered: false },
    { method: 'PUT', url: `${at}/crm-api/status`, says: 'update apps/deployments/status crm/crm-api', covered: false },
    { method: 'GET', url: '/api/v1/namespaces/other/pods', says: 'list pods other', covered: false },
    { method: 'GET', url: '/api/v1/namespaces/crm/secrets/crm-api', says: 'get secrets crm/crm-api', covered: true },
    { method: 'GET', url: '/api/v1/namespaces/crm/secrets/other', says: 'get secrets crm/other', covered: false },
    { method: 'GET', url: '/api/v1/namespaces/crm/secrets', says: 'list secrets crm', covered: false },
    { method: 'GET', url: '/api/v1/namespaces/crm', says: 'get namespaces crm', covered: false },
  ])('$says: covered $covered', ({ method, url, says, covered }) => {
    const call = callOf({ method, url });
    expect([textOf(call), isCovered(call, rules)]).toEqual([says, covered]);
  });

  it('names each right that was not needed', () => {
    const needed = [
      callOf({ method: 'GET', url: '/apis/gateway.networking.k8s.io/v1/namespaces/crm/httproutes/crm-api' }),
    ];
    const unused = unusedRights(rules, needed);
    expect(unused).toContain('update gateway.networking.k8s.io/httproutes in crm');
    expect(unused).not.toContain('get gateway.networking.k8s.io/httproutes in crm');
  });
});
