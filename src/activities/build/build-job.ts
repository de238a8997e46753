import type { BuildPlan, DeployPlan } from '../../core/model/plan.ts';
import { canonicalJson } from '../../core/model/canonical-json.ts';
import { sha256 } from '../../core/model/sha256.ts';
import { CodedError } from '../../errors/coded-error.ts';

export type LocalCommandPlan = Extract<BuildPlan, { kind: 'localCommand' }>;

export function localCommandOf(plan: DeployPlan): LocalCommandPlan {
  if (plan.build.kind === 'localCommand') return plan.build;
  const found = `kind ${plan.build.kind}`;
  throw new CodedError('InvalidInput', `build of ${plan.service}: expected kind localCommand, found ${found}`);
}

/** The same deployment and the same plan are the same build, in every attempt and on every worker of the host. */
export function jobIdOf(plan: DeployPlan, buildId: string): string {
  const digest = sha256(canonicalJson({ buildId, version: plan.version, build: plan.build }));
  const readable = `${plan.service}-${plan.version}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return `${readable.slice(0, 60).replace(/-+$/, '') || 'build'}-${digest.slice(0, 16)}`;
}

/** `build of crm-api v1.4.2` */
export function nameOfBuild(plan: DeployPlan): string {
  return `build of ${plan.service} ${plan.version}`;
}
