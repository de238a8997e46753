/** What an identity policy allows: the part of IAM's evaluation that our policies use, and nothing silently left out. */

export interface IamRequest {
  /** `rds:DeleteDBInstance` */
  readonly action: string;
  /** Every one of them must be allowed. `*` for an action without resources. */
  readonly resources: readonly string[];
  /** `aws:ResourceTag/KEY` by resource, and what holds for the whole request. */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
  readonly ofResource?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface IamPolicy {
  readonly Version: string;
  readonly Statement: readonly Statement[];
}

const KNOWN = ['Sid', 'Effect', 'Action', 'Resource', 'NotResource', 'Condition'];

/** The policy, its placeholders replaced. Throws for what this evaluation does not know. */
export function readPolicy(text: string, values: Readonly<Record<string, string>>): IamPolicy {
  let filled = text;
  for (const [name, value] of Object.entries(values)) filled = filled.replaceAll(name, value);
  const left = /"[^"]*\b(?:[A-Z]+_)+[A-Z]+\b[^"]*"/.exec(filled);
  if (left) throw new Error(`policy: expected every placeholder replaced, found ${left[0]}`);
  const policy = JSON.parse(filled) as IamPolicy;
  for (const statement of policy.Statement) {
    const unknown = Object.keys(statement).find((key) => !KNOWN.includes(key));
    if (unknown !== undefined) throw new Error(`policy: ${statement.Sid}: expected a known key, found ${unknown}`);
    for (const operator of Object.keys(statement.Condition ?? {})) operatorOf(operator);
  }
  return policy;
}

/** Why it is not allowed; undefined when it is. */
export function whyDenied(policy: IamPolicy, request: IamRequest): string | undefined {
  for (const resource of request.resources) {
    const matching = policy.Statement.filter((statement) => applies(statement, request, resource));
    const denied = matching.find(({ Effect }) => Effect === 'Deny');
    if (denied) return `${request.action} on ${resource}: denied by ${denied.Sid}`;
    if (matching.length === 0) return `${request.action} on ${resource}: no statement allows it`;
  }
  return undefined;
}

export function allowedActions(policy: IamPolicy): readonly string[] {
  return policy.Statement.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action }) => listOf(Action));
}

function applies(statement: Statement, request: IamRequest, resource: string): boolean {
  const { Action, Resource, NotResource, Condition = {} } = statement;
  if (!listOf(Action).some((pattern) => isLike(pattern, request.action))) return false;
  if (Resource !== undefined && !listOf(Resource).some((pattern) => isLike(pattern, resource))) return false;
  if (NotResource !== undefined && listOf(NotResource).some((pattern) => isLike(pattern, resource))) return false;
  const context = { ...request.context, ...request.ofResource?.[resource] };
  return Object.entries(Condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => operatorOf(operator)(context[key], listOf(wanted))),
  );
}

type Operator = (found: string | readonly string[] | undefined, wanted: readonly string[]) => boolean;

function operatorOf(name: string): Operator {
  switch (name) {
    case 'StringEquals':
      return (found, wanted) => found !== undefined && listOf(found).some((each) => wanted.includes(each));
    case 'StringLike':
      return (found, wanted) =>
        found !== undefined && listOf(found).some((each) => wanted.some((pattern) => isLike(pattern, each)));
    case 'ForAllValues:StringEquals':
      // True for a key that is not there, as in IAM.
      return (found, wanted) => (found === undefined ? [] : listOf(found)).every((each) => wanted.includes(each));
    default:
      throw new Error(`policy: operator ${name} is not known here`);
  }
}

/** `*` any text, `?` one character. */
function isLike(pattern: string, text: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
