/**
 * The rights of a worker as Kubernetes objects: one Role a namespace with what the catalogue's services need there and
 * nothing else, made from the same table that the preflight asks by.
 */
import { serviceIn } from '../catalogue/merge.ts';
import type { Catalogue, ServiceEntry } from '../model/catalogue.ts';
import { parseSecretReference } from '../model/secret-reference.ts';
import { type RequiredRight, rightsFor } from './required-rights.ts';

type Kind = RequiredRight['kind'];

/** How a kind is called in a rule. */
export type ResourceOf = (kind: Kind) => { readonly group: string; readonly plural: string };

export interface RoleOptions {
  /** ServiceAccount of the worker. */
  readonly account: string;
  /** Namespace of that ServiceAccount; the one of each Role when left out. */
  readonly accountNamespace?: string;
}

interface Rule {
  readonly kind: Kind;
  readonly verbs: readonly RequiredRight['verbs'][number][];
  readonly whys: readonly string[];
  /** Only these objects; empty: all of the kind. */
  readonly names: readonly string[];
}

const VERBS = ['get', 'list', 'create', 'update', 'delete'] as const;

/** YAML of a ServiceAccount, and a Role and RoleBinding for each namespace, in the order of the catalogue. */
export function roleFile(catalogue: Catalogue, resourceOf: ResourceOf, options: RoleOptions): string {
  const namespaces = [...new Set(Object.values(catalogue.environments).map(({ namespace }) => namespace))];
  const parts = [...new Set([...namespaces, ...namedSecrets(catalogue).map(({ namespace }) => namespace)])].map(
    (namespace) => namespaceDocuments(namespace, rulesOf(catalogue, namespace), resourceOf, options),
  );
  return [HEADER, ...parts].join('\n');
}

const HEADER = `# What a worker of Mainstay may do: in each namespace what the services there need, and nothing else. A worker needs no
# right of the cluster; that it may ask what it may do (SelfSubjectAccessReview) is everybody's by system:basic-user.
# Objects of the canary carry a number in their names, so that those rights cannot be given by name; Secrets and
# ConfigMaps are given by name.`;

function namespaceDocuments(
  namespace: string,
  rules: readonly Rule[],
  resourceOf: ResourceOf,
  { account, accountNamespace = namespace }: RoleOptions,
): string {
  const serviceAccount =
    accountNamespace === namespace
      ? `---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: ${account}
  namespace: ${namespace}
`
      : '';
  return `${serviceAccount}---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: mainstay-worker
  namespace: ${namespace}
rules:
${rules.map((rule) => ruleText(rule, resourceOf)).join('')}---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: mainstay-worker
  namespace: ${namespace}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: mainstay-worker
subjects:
  - kind: ServiceAccount
    name: ${account}
    namespace: ${accountNamespace}
`;
}

function ruleText({ kind, verbs, whys, names }: Rule, resourceOf: ResourceOf): string {
  const { group, plural } = resourceOf(kind);
  const comments = whys.map((why) => `  # ${why}\n`).join('');
  const named = names.length === 0 ? '' : `    resourceNames: [${names.join(', ')}]\n`;
  const groups = group === '' ? "''" : group;
  return `${comments}  - apiGroups: [${groups}]\n    resources: [${plural}]\n${named}    verbs: [${verbs.join(', ')}]\n`;
}

/** One rule a kind: what services with different routers need of it is put together. */
function rulesOf(catalogue: Catalogue, namespace: string): readonly Rule[] {
  const services = servicesIn(catalogue, namespace);
  const rows = [...new Set(services.flatMap(({ traffic }) => rightsFor(traffic.kind)))];
  const kinds = [...new Set(rows.map(({ kind }) => kind))].filter((kind) => kind !== 'ConfigMap' && kind !== 'Secret');
  const wide = kinds.map((kind): Rule => {
    const ofKind = rows.filter((row) => row.kind === kind);
    return {
      kind,
      verbs: VERBS.filter((verb) => ofKind.some(({ verbs }) => verbs.includes(verb))),
      whys: ofKind.map(({ why }) => why),
      names: [],
    };
  });
  const named = (['ConfigMap', 'Secret'] as const).flatMap((kind): readonly Rule[] => {
    const names = namesOf(kind, catalogue, namespace);
    const why = 'see that the keys under `requires` are there, and read what references name';
    return names.length === 0 ? [] : [{ kind, verbs: ['get'], whys: [why], names }];
  });
  return [...wide, ...named];
}

function servicesIn({ environments, services }: Catalogue, namespace: string): readonly ServiceEntry[] {
  const places = Object.entries(environments).filter(([, entry]) => entry.namespace === namespace);
  return Object.values(services).flatMap((service) => places.map(([name]) => serviceIn(service, name)));
}

function namesOf(kind: 'ConfigMap' | 'Secret', catalogue: Catalogue, namespace: string): readonly string[] {
  const required = servicesIn(catalogue, namespace).flatMap(({ requires = [] }) =>
    requires.filter((each) => each.kind === kind).map(({ name }) => name),
  );
  const referred = namedSecrets(catalogue).filter((each) => kind === 'Secret' && each.namespace === namespace);
  return [...new Set([...required, ...referred.map(({ name }) => name)])].toSorted();
}

/** Secrets that builds, migrations and metrics servers refer to, wherever they lie. */
function namedSecrets({
  environments,
  services,
}: Catalogue): readonly { readonly namespace: string; readonly name: string }[] {
  const all = Object.values(services).flatMap((service) =>
    Object.keys(environments).map((name) => serviceIn(service, name)),
  );
  const builds = all.flatMap(({ build }) =>
    build.kind === 'localCommand' ? Object.values(build.environment ?? {}) : [],
  );
  const databases = all.flatMap(({ migrations }) => (migrations ? [migrations.database] : []));
  const servers = [...Object.values(environments), ...all.map(({ analysis }) => analysis)].flatMap(({ prometheus }) =>
    prometheus?.auth ? [prometheus.auth.kind === 'basic' ? prometheus.auth.password : prometheus.auth.token] : [],
  );
  return [...builds, ...databases, ...servers].flatMap((text) => {
    const reference = parseSecretReference(text);
    return reference?.kind === 'k8s' ? [{ namespace: reference.namespace, name: reference.name }] : [];
  });
}
