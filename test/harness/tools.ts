import { existsSync } from 'node:fs';

/** The programs tests may need, each with the environment variable that the set-up script fills in. */
const TOOLS = {
  temporal: 'TEMPORAL_CLI_PATH',
  'temporal-test-server': 'TEMPORAL_TEST_SERVER_PATH',
  kubectl: 'MAINSTAY_KUBECTL',
  'kube-apiserver': 'MAINSTAY_KUBE_APISERVER',
  'kube-controller-manager': 'MAINSTAY_KUBE_CONTROLLER_MANAGER',
  etcd: 'MAINSTAY_ETCD',
  prometheus: 'MAINSTAY_PROMETHEUS',
  moto: 'MAINSTAY_MOTO',
  'redis-server': 'MAINSTAY_REDIS',
} as const;

export type ToolName = keyof typeof TOOLS;

/** Absolute path of a tool, or undefined when the set-up could not provide it. */
export function findTool(name: ToolName): string | undefined {
  const path = process.env[TOOLS[name]];
  return path && existsSync(path) ? path : undefined;
}

/**
 * True when tests that need the tool must be skipped: it is absent and this is not CI. In CI an absent tool is an
 * error, never a skip, so this throws there.
 */
export function isMissing(name: ToolName): boolean {
  if (findTool(name)) return false;
  if (process.env.CI) throw new Error(`${name} is required in CI: set ${TOOLS[name]} or run node tools/setup.mjs`);
  return true;
}

/** Path of a tool that must be there; for use inside tests guarded by `isMissing`. */
export function requireTool(name: ToolName): string {
  const path = findTool(name);
  if (!path) throw new Error(`${name} not found: set ${TOOLS[name]} or run node tools/setup.mjs`);
  return path;
}
